/* SPDX-License-Identifier: BSD-2-Clause */
#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define OUT_MAX (1u << 20)

static const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = CONTROL_SOCKET};

int control_open(struct control *control, const struct control_request *requests, void *ctx, struct fault *fault)
{
	*control = (struct control){.requests = requests, .ctx = ctx};
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		control->client[i].fd = -1;
	control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	unlink(CONTROL_SOCKET); /* of a daemon that was killed: we have the lock */
	if (control->fd < 0 || bind(control->fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(CONTROL_SOCKET, 0600) < 0 || listen(control->fd, CONTROL_CLIENTS) < 0) {
		int r = fault_set(fault, errno, "cannot listen at %s: %s", CONTROL_SOCKET, strerror(errno));

		if (control->fd >= 0)
			close(control->fd);
		control->fd = -1;
		return r;
	}
	return 0;
}

static void drop(struct control_client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	free(client->out);
	*client = (struct control_client){.fd = -1};
}

void control_close(struct control *control)
{
	if (control->fd < 0)
		return;
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		drop(&control->client[i]);
	close(control->fd);
	unlink(CONTROL_SOCKET);
	control->fd = -1;
}

void control_polls(const struct control *control, struct pollfd polls[CONTROL_POLLS])
{
	polls[0] = (struct pollfd){.fd = control->fd, .events = POLLIN};
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		polls[1 + i] = (struct pollfd){.fd = control->client[i].fd,
					       .events = POLLIN | (control->client[i].used ? POLLOUT : 0)};
}

static void flush(struct control_client *client)
{
	ssize_t n = send(client->fd, client->out, client->used, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0) {
		memmove(client->out, client->out + n, client->used - n);
		client->used -= n;
	}
	if ((n < 0 && errno != EAGAIN && errno != EINTR) || (!client->used && !client->stays))
		drop(client);
}

static bool append(struct control_client *client, const char *text, size_t len)
{
	char *out;

	if (client->used + len > OUT_MAX)
		return false;
	out = realloc(client->out, client->used + len);
	if (!out)
		return false;
	memcpy(out + client->used, text, len);
	client->out = out;
	client->used += len;
	return true;
}

/* A subscriber that is too slow is told what it missed, once it takes something again. */
static void tell_one(struct control_client *client, const char *text, size_t len)
{
	char line[64];
	int size;

	if (client->skipped) {
		size = snprintf(line, sizeof(line), "{\"skipped\":%zu}\n", client->skipped);
		if (client->used > OUT_MAX / 2 || !append(client, line, size)) {
			client->skipped++;
			return;
		}
		client->skipped = 0;
	}
	if (!append(client, text, len))
		client->skipped++;
	flush(client);
}

void control_tell(void *ctx, const char *text, size_t len)
{
	struct control *control = ctx;

	for (int i = 0; i < CONTROL_CLIENTS; i++)
		if (control->client[i].fd >= 0 && control->client[i].stays)
			tell_one(&control->client[i], text, len);
}

static void answer(struct control *control, struct control_client *client)
{
	const struct control_request *request = control->requests;
	char *text = NULL;

	while (request->name && strcmp(request->name, client->line))
		request++;
	if (!request->name) {
		drop(client);
		return;
	}
	request->answer(control->ctx, &text);
	client->stays = !text;
	if (!text)
		return;
	append(client, text, strlen(text));
	free(text);
	flush(client);
}

static void listen_to(struct control *control, struct control_client *client)
{
	ssize_t n = recv(client->fd, client->line + client->len, sizeof(client->line) - client->len, MSG_DONTWAIT);
	char *end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* who has asked says no more */
	if (n <= 0 || client->stays || client->used) {
		drop(client);
		return;
	}
	client->len += n;
	end = memchr(client->line, '\n', client->len);
	if (end) {
		*end = '\0';
		answer(control, client);
	} else if (client->len == sizeof(client->line)) {
		drop(client);
	}
}

/* The socket's mode keeps others out, too. */
static bool is_root(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) && !peer.uid;
}

static void welcome(struct control *control)
{
	int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	for (int i = 0; fd >= 0 && is_root(fd) && i < CONTROL_CLIENTS; i++) {
		if (control->client[i].fd < 0) {
			control->client[i].fd = fd;
			return;
		}
	}
	if (fd >= 0)
		close(fd);
}

void control_dispatch(struct control *control, const struct pollfd polls[CONTROL_POLLS])
{
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		struct control_client *client = &control->client[i];

		if (client->fd >= 0 && polls[1 + i].fd == client->fd && polls[1 + i].revents & POLLOUT)
			flush(client);
		if (client->fd >= 0 && polls[1 + i].fd == client->fd && polls[1 + i].revents & ~POLLOUT)
			listen_to(control, client);
	}
	if (polls[0].revents)
		welcome(control);
}

int control_ask(const char *request, struct fault *fault)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && !connect(fd, (const struct sockaddr *)&address, sizeof(address)) &&
	    dprintf(fd, "%s\n", request) > 0)
		return fd;
	fault_set(fault, errno, "no mantlet daemon answers at %s: %s; mantlet status tells whether one runs",
		  CONTROL_SOCKET, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -ECONNREFUSED;
}
