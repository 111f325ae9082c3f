# PostgreSQL as its own user, with pgbench and a program that the server starts.
bin=$(echo /usr/lib/postgresql/*/bin)
mkdir -p /run/postgresql && chown postgres /run/postgresql
as() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }
cd /tmp && rm -rf /tmp/pg && as mkdir /tmp/pg
as "$bin/initdb" -D /tmp/pg -A trust --no-sync >/tmp/initdb && echo "initdb ended with $?"
as "$bin/pg_ctl" -D /tmp/pg -o '-c fsync=off -p 5440' -l /tmp/pg/log -w -s start && echo "started"
as "$bin/pgbench" -h 127.0.0.1 -p 5440 -q -i postgres >/tmp/pgbench 2>&1 && echo "pgbench filled its tables"
as "$bin/pgbench" -h 127.0.0.1 -p 5440 -c 4 -j 2 -t 100 postgres >/tmp/pgbench 2>&1
grep -E 'transactions actually processed|failed' /tmp/pgbench
as "$bin/pgbench" -h /run/postgresql -p 5440 -C -c 2 -t 10 -S postgres >/tmp/pgbench 2>&1
grep -E 'transactions actually processed|failed' /tmp/pgbench
as psql -h 127.0.0.1 -p 5440 -At postgres -c 'select count(*) from pgbench_accounts' \
	-c 'create table words(w text)' -c "copy words from program 'echo out of a program'" -c 'select * from words'
as "$bin/pg_ctl" -D /tmp/pg -s -m fast stop
echo "ended with $?"
