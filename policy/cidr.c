/* SPDX-License-Identifier: BSD-2-Clause */
#include "cidr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef unsigned __int128 u128;

#define MAPPED ((u128)0xffff << 32) /* ::ffff:0:0 */

bool number_parse(const char **text, __u32 max, __u32 *number)
{
	const char *p = *text;
	__u64 value = 0;

	if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		value = 10 * value + (*p - '0');
		if (value > max)
			return false;
	}
	*number = value;
	*text = p;
	return true;
}

static const char *range_why(const char *text, __u32 max)
{
	__u32 number;

	if (number_parse(&text, max, &number) && !*text)
		return "a single number is written without quotes";
	return max == 65535 ? "expected a range of ports from 0 to 65535, such as \"8000-8999\""
			    : "expected a range of ids from 0 to 4294967295, such as \"1000-1999\"";
}

int range_parse(const char *text, __u32 max, struct policy_range *range, const char **why)
{
	struct policy_range found;

	*why = range_why(text, max);
	if (!number_parse(&text, max, &found.first) || *text++ != '-' || !number_parse(&text, max, &found.last) ||
	    *text)
		return -EINVAL;
	*why = "an empty range: its ends are the wrong way round";
	if (found.first > found.last)
		return -EINVAL;
	*range = found;
	return 0;
}

static u128 address_number(const unsigned char *bytes, size_t count)
{
	u128 number = 0;

	for (size_t i = 0; i < count; i++)
		number = number << 8 | bytes[i];
	return number;
}

static struct policy_address address_of(u128 number)
{
	return (struct policy_address){.high = (__u64)(number >> 64), .low = (__u64)number};
}

static int parse_parts(const char *text, u128 *address, __u32 *prefix, bool *ipv4, char *why, size_t size)
{
	char host[INET6_ADDRSTRLEN + 1];
	const char *slash = strchr(text, '/');
	unsigned char bytes[16];
	size_t len = slash ? (size_t)(slash - text) : strlen(text);

	if (len < sizeof(host)) {
		memcpy(host, text, len);
		host[len] = '\0';
	}
	*ipv4 = len < sizeof(host) && inet_pton(AF_INET, host, bytes) == 1;
	if (!*ipv4 && (len >= sizeof(host) || inet_pton(AF_INET6, host, bytes) != 1)) {
		snprintf(why, size, "expected an IPv4 or IPv6 address and a prefix length, such as \"10.0.0.0/8\"");
		return -EINVAL;
	}
	*address = address_number(bytes, *ipv4 ? 4 : 16);
	if (!slash) {
		snprintf(why, size, "the prefix length is missing: for one address write \"%s/%d\"", host,
			 *ipv4 ? 32 : 128);
		return -EINVAL;
	}
	slash++;
	if (!number_parse(&slash, *ipv4 ? 32 : 128, prefix) || *slash) {
		snprintf(why, size, "expected a prefix length from 0 to %d behind the /", *ipv4 ? 32 : 128);
		return -EINVAL;
	}
	return 0;
}

/* host bits set: says which network was meant */
static int host_bits(u128 network, __u32 prefix, bool ipv4, char *why, size_t size)
{
	unsigned char bytes[16];
	char name[INET6_ADDRSTRLEN];

	for (int i = 0; i < 16; i++)
		bytes[i] = (unsigned char)(network >> (120 - 8 * i));
	inet_ntop(ipv4 ? AF_INET : AF_INET6, bytes + (ipv4 ? 12 : 0), name, sizeof(name));
	snprintf(why, size, "has bits set behind the prefix: the network is \"%s/%u\"", name, prefix);
	return -EINVAL;
}

int cidr_parse(const char *text, struct policy_peer *peer, char *why, size_t size)
{
	u128 address, hosts;
	__u32 prefix, width;
	bool ipv4;
	int r = parse_parts(text, &address, &prefix, &ipv4, why, size);

	if (r < 0)
		return r;
	width = (ipv4 ? 32 : 128) - prefix;
	hosts = width == 128 ? ~(u128)0 : ((u128)1 << width) - 1;
	if (address & hosts)
		return host_bits(address & ~hosts, prefix, ipv4, why, size);
	if (ipv4)
		address |= MAPPED;
	/* IPv4-mapped IPv6 is IPv4 */
	peer->ipv4 = ipv4 || (prefix >= 96 && address >> 32 == MAPPED >> 32);
	peer->first = address_of(address);
	peer->last = address_of(address | hosts);
	return 0;
}
