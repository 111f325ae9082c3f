# Sections of a policy of 1,000 rules each, that allow what tests/bench/operations.c does.
# shellcheck shell=bash
rules=1000

exec_rules() # PROGRAM…
{
	awk -v n=$rules 'BEGIN {
		printf "\"allow\":["
		for (i = ARGC - 1; i < n; i++)
			printf "\"/usr/lib/package-%d/bin/program-%d\",", i % 37, i
		for (i = 1; i < ARGC; i++)
			printf "\"%s\"%s", ARGV[i], i < ARGC - 1 ? "," : "]" }' "$@"
}

connect_rules()
{
	awk -v n=$rules 'BEGIN {
		printf "\"connect\":{\"allow\":["
		for (i = 2; i < n; i++)
			printf "{\"cidr\":\"%d.%d.%d.0/24\",\"ports\":[%d]},", 10 + i % 200, i % 251, i % 89 * 2, i % 7 * 100 + 80
		printf "{\"cidr\":\"127.0.0.1/32\"},{\"cidr\":\"127.0.0.2/32\"}]}" }'
}

identity_rules()
{
	awk -v n=$rules 'BEGIN {
		printf "\"identity\":{\"uid\":{\"allow\":["
		for (i = 1; i < n; i++)
			printf "\"%d-%d\",", i * 20, i * 20 + i % 13
		printf "\"0-1\"]}}" }'
}
