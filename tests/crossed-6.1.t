#!/bin/sh
# Two domains on one processor of Linux 6.1, which preempts programs: no verdict is the other's. CROSSED is how long, in seconds.
VM_APPEND=preempt=full exec "$(dirname "$0")/domains/run" 6.1 crossed "${CROSSED:-10}"
