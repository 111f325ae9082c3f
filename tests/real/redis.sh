# redis-server under its benchmark, with a snapshot, which forks.
cd /tmp
redis-server --port 6390 --save '' --dir /tmp --logfile /tmp/redis.log &
wait_for 6390
redis-benchmark -p 6390 -q -n 20000 -c 20 -P 4 -t set,get,lpush >/tmp/benchmark && echo "the benchmark ended with $?"
redis-cli -p 6390 set key value
redis-cli -p 6390 eval 'return redis.call("get", "key") .. "!"' 0
redis-cli -p 6390 bgsave
for _ in 1 2 3 4 5 6 7 8 9 10; do
	redis-cli -p 6390 info persistence | grep -q 'rdb_bgsave_in_progress:1' || break
	sleep 0.3
done
redis-cli -p 6390 info persistence | grep -o 'rdb_last_bgsave_status:[a-z]*'
redis-cli -p 6390 shutdown nosave
wait
echo "ended with $?"
