#!/bin/sh
# A thousand domains, and one of 10,000 rules: what they take, and that a verdict costs what it cost alone, in counted
# instructions.
VM_QEMU='-icount shift=0,sleep=off' exec "$(dirname "$0")/domains/run" 6.1 many
