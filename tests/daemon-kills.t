#!/bin/sh
# The daemon is killed at random instants: what is enforced goes on, what is left is whole, and nothing is leaked.
exec "$(dirname "$0")/daemon/run" 6.1 kills
