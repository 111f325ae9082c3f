#!/bin/sh
# LSM mode on Linux 5.10, in one run: there, the verifier takes long over the programs.
VM_SECONDS=1200 exec "$(dirname "$0")/lsm/run" 5.10 old
