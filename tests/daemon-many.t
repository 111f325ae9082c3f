#!/bin/sh
# As many containers as a host has, each with a policy of 200 rules of its own.
exec "$(dirname "$0")/daemon/run" 6.1 many
