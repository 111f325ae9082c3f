#!/bin/sh
# Reloads that alternate two policies, while tasks exec, connect and change their ids: no verdict that neither policy gives.
exec "$(dirname "$0")/daemon/run" 6.1 storm
