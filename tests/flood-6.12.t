#!/bin/sh
# Floods of events while nobody reads them, in a VM with Linux 6.12. COUNT is how many (20,000).
exec "$(dirname "$0")/lsm/run" 6.12 inside-flood "${COUNT:-20000}"
