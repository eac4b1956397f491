/*
 * Peers that mean no good: holds COUNT connections to the RPC port for SECONDS, all of one kind.
 *
 *   hostile KIND 127.0.0.1 PORT COUNT ADDRESSES SECONDS
 *
 *   silent  says nothing             bound   binds, then says nothing
 *   half    sends half of a bind     slow    sends one octet a second
 *   deaf    binds, asks without end, and never reads an answer
 *   churn   connects and resets at once, again and again
 *
 * Connections come from 127.0.0.2 and up, ADDRESSES of them in turn. What the server ends is opened anew at the
 * next second (churn: at once). Prints one line of JSON. Loopback only: any other HOST is refused.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 16384, MAX_ADDRESSES = 200, BIND_SIZE = 72, CALL_SIZE = 24, MAX_SECONDS = 120 };
enum kind { SILENT, BOUND, HALF, SLOW, DEAF, CHURN, KINDS };
static const char *const names[KINDS] = {"silent", "bound", "half", "slow", "deaf", "churn"};

struct connection {
  int fd; /* -1: to be opened */
  unsigned index, sent;
  int connected;
};

static struct connection connections[MAX_CONNECTIONS];
static unsigned char bind_pdu[BIND_SIZE], calls[CALL_SIZE * 256];
static enum kind kind;
static unsigned count, addresses, held, most_held;
static uint64_t opened, ended, octets;
static int poller;
static struct sockaddr_in target;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A bind to the management interface of every endpoint (C706 appendix Q), and its operation 0. */
static void build_pdus(void) {
  static const unsigned char bind_template[BIND_SIZE] = {
      5, 0, 11, 3, 0x10, 0, 0, 0, BIND_SIZE, 0, 0, 0, 1, 0, 0, 0, 0xd0, 0x16, 0xd0, 0x16, 0, 0, 0, 0, 1, 0, 0, 0,
      0, 0, 1, 0, 0x80, 0xbd, 0xa8, 0xaf, 0x8a, 0x7d, 0xc9, 0x11, 0xbe, 0xf4, 0x08, 0, 0x2b, 0x10, 0x29, 0x89,
      1, 0, 0, 0, 0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8, 0x08, 0, 0x2b, 0x10, 0x48, 0x60, 2};
  static const unsigned char call[CALL_SIZE] = {5, 0, 0, 3, 0x10, 0, 0, 0, CALL_SIZE, 0, 0, 0, 2};
  memcpy(bind_pdu, bind_template, BIND_SIZE);
  for (size_t at = 0; at < sizeof calls; at += CALL_SIZE) memcpy(calls + at, call, CALL_SIZE);
}

static void open_connection(struct connection *c) {
  struct sockaddr_in from = {.sin_family = AF_INET};
  int one = 1, small = 4096, modest = 65536;
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (c->fd < 0) { perror("socket"); exit(1); }
  c->sent = 0;
  c->connected = 0;
  from.sin_addr.s_addr = htonl(0x7f000002u + c->index % addresses);
  setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (kind == DEAF) { /* the memory to fill is the server's, not the kernel's */
    setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &modest, sizeof modest);
  }
  if (bind(c->fd, (struct sockaddr *)&from, sizeof from) < 0) { perror("bind"); exit(1); }
  if (connect(c->fd, (struct sockaddr *)&target, sizeof target) < 0 && errno != EINPROGRESS) {
    close(c->fd);
    c->fd = -1;
    return;
  }
  struct epoll_event e = {.events = EPOLLOUT | EPOLLRDHUP | (kind == DEAF ? EPOLLET : 0), .data.ptr = c};
  epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &e);
}

static void end(struct connection *c) {
  struct linger at_once = {.l_onoff = 1, .l_linger = 0}; /* no TIME_WAIT: ports would run out */
  setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(c->fd);
  c->fd = -1;
  if (c->connected) held--;
  if (kind == CHURN) open_connection(c);
}

static void say(struct connection *c, const void *bytes, size_t size) {
  ssize_t n = send(c->fd, bytes, size, MSG_NOSIGNAL);
  if (n > 0) { c->sent += (unsigned)n; octets += (uint64_t)n; }
}

static void ask_without_end(struct connection *c) {
  if (c->sent < BIND_SIZE) say(c, bind_pdu, BIND_SIZE);
  for (;;) {
    size_t begun = (c->sent - BIND_SIZE) % CALL_SIZE;
    unsigned before = c->sent;
    say(c, calls + begun, sizeof calls - begun);
    if (c->sent - before < sizeof calls - begun) return;
  }
}

static void connected(struct connection *c) {
  c->connected = 1;
  opened++;
  if (++held > most_held) most_held = held;
  if (kind == CHURN) { end(c); return; }
  if (kind == BOUND) say(c, bind_pdu, BIND_SIZE);
  if (kind == HALF) say(c, bind_pdu, BIND_SIZE / 2);
  if (kind == DEAF) { ask_without_end(c); return; }
  struct epoll_event e = {.events = EPOLLRDHUP, .data.ptr = c};
  epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &e);
}

static void handle(struct connection *c, uint32_t events) {
  if (c->fd < 0) return;
  if (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) {
    ended++;
    end(c);
  } else if (!c->connected) {
    connected(c);
  } else if (kind == DEAF) {
    ask_without_end(c);
  }
}

static void every_second(void) {
  for (unsigned i = 0; i < count; i++) {
    struct connection *c = &connections[i];
    if (c->fd < 0) open_connection(c);
    else if (kind == SLOW && c->connected) say(c, bind_pdu + c->sent % BIND_SIZE, 1);
  }
}

int main(int argc, char **argv) {
  if (argc != 7) {
    fprintf(stderr, "hostile silent|bound|half|slow|deaf|churn 127.0.0.1 PORT COUNT ADDRESSES SECONDS\n");
    return 2;
  }
  while (kind < KINDS && strcmp(argv[1], names[kind]) != 0) kind++;
  target.sin_family = AF_INET;
  target.sin_port = htons((uint16_t)atoi(argv[3]));
  if (inet_pton(AF_INET, argv[2], &target.sin_addr) != 1 || ntohl(target.sin_addr.s_addr) >> 24 != 127) {
    fprintf(stderr, "hostile: loopback addresses only\n");
    return 2;
  }
  count = (unsigned)atoi(argv[4]);
  addresses = (unsigned)atoi(argv[5]);
  int seconds = atoi(argv[6]);
  if (kind == KINDS || count == 0 || count > MAX_CONNECTIONS || addresses == 0 || addresses > MAX_ADDRESSES ||
      seconds <= 0 || seconds > MAX_SECONDS)
    return 2;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  build_pdus();
  poller = epoll_create1(0);
  double begin = now(), next = begin;
  for (unsigned i = 0; i < count; i++) connections[i] = (struct connection){.fd = -1, .index = i};
  while (now() < begin + seconds) {
    if (now() >= next) {
      every_second();
      next += 1;
    }
    struct epoll_event events[512];
    int n = epoll_wait(poller, events, 512, 50);
    for (int i = 0; i < n; i++) handle(events[i].data.ptr, events[i].events);
  }
  printf("{\"opened\":%lu,\"ended\":%lu,\"mostHeld\":%u,\"heldAtEnd\":%u,\"octetsSent\":%lu}\n", opened, ended, most_held,
         held, octets);
  return 0;
}
