/*
 * Load for the activation host: cold exchanges (connect, bind, one Activate, close) or calls on kept connections.
 * In C, so that one core of load can saturate one core of server: a load as slow as the server would flatter it.
 *
 *   load cold|kept HOST PORT CONNECTIONS COUNT SEED APPLICATION-ID ACTIVATION-ID
 *
 * Every call carries a CMID of its own, drawn from SEED and a counter. Any answer that is not a response PDU with
 * HRESULT 0 counts as failed. Cold connections spread over 127.0.0.2..17, since one pair of addresses has
 * 28,232 ephemeral ports. Prints one line of JSON. Loopback only: any other HOST is refused.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 4096, MAX_PDU = 5840, BIND_SIZE = 72, NAME_LENGTH = 15 };
enum { REQUEST_SIZE = 24 + 8 + 84 + NAME_LENGTH + 1 };
enum phase { CONNECTING, BINDING, CALLING };

struct connection {
  int fd;
  enum phase phase;
  unsigned got;
  uint64_t started;
  unsigned char in[MAX_PDU];
};

static struct connection connections[MAX_CONNECTIONS];
static unsigned char bind_pdu[BIND_SIZE], request_pdu[REQUEST_SIZE];
static uint64_t total, opened, started, finished, failed, seed;
static uint32_t *latencies; /* microseconds */
static int kept, poller;
static struct sockaddr_in target;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t mix(uint64_t x) { /* splitmix64 */
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

static void put32(unsigned char *at, uint32_t v) { memcpy(at, &v, 4); }
static void put16(unsigned char *at, uint16_t v) { memcpy(at, &v, 2); }

static void header(unsigned char *p, int type, unsigned size) {
  memcpy(p, "\x05\x00\x00\x03\x10\x00\x00\x00", 8);
  p[2] = (unsigned char)type;
  put16(p + 8, (uint16_t)size);
  put32(p + 12, 1);
}

/* A GUID in its little-endian wire form (C706 appendix A). */
static void parse_guid(const char *text, unsigned char *out) {
  unsigned a, b, c, d[8];
  if (sscanf(text, "%8x-%4x-%4x-%2x%2x-%2x%2x%2x%2x%2x%2x", &a, &b, &c, d, d + 1, d + 2, d + 3, d + 4, d + 5, d + 6,
             d + 7) != 11)
    exit(2);
  put32(out, a);
  put16(out + 4, (uint16_t)b);
  put16(out + 6, (uint16_t)c);
  for (int i = 0; i < 8; i++) out[8 + i] = (unsigned char)d[i];
}

static void build_pdus(const char *application, const char *activation) {
  header(bind_pdu, 11, BIND_SIZE);
  put16(bind_pdu + 16, 5840);
  put16(bind_pdu + 18, 5840);
  bind_pdu[24] = 1; /* one context */
  bind_pdu[30] = 1; /* one transfer syntax */
  parse_guid("ea6fc547-3cd9-4d4d-824f-02c7678d2ad5", bind_pdu + 32);
  put32(bind_pdu + 48, 1);
  parse_guid("8a885d04-1ceb-11c9-9fe8-08002b104860", bind_pdu + 52);
  put32(bind_pdu + 68, 2);

  header(request_pdu, 0, REQUEST_SIZE);
  put32(request_pdu + 16, REQUEST_SIZE - 24);
  unsigned char *stub = request_pdu + 24, *r = stub + 8;
  put32(stub, 84 + NAME_LENGTH);
  put32(stub + 4, 84 + NAME_LENGTH);
  r[0] = 1; /* version */
  r[3] = NAME_LENGTH;
  put32(r + 8, 25);
  parse_guid(application, r + 12);
  parse_guid(activation, r + 28);
  memcpy(r + 84, "LAB-0000000000 ", NAME_LENGTH);
}

static void next_request(void) {
  unsigned char *r = request_pdu + 24 + 8;
  uint64_t n = started++, a = mix(seed + n), b = mix(a);
  memcpy(r + 44, &a, 8); /* CMID */
  memcpy(r + 52, &b, 8);
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  uint64_t ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
  memcpy(r + 60, &ms, 8);
  memcpy(r + 68, &b, 8); /* nonce */
  memcpy(r + 76, &a, 8);
  for (int i = 0; i < 10; i++, n /= 10) r[84 + 13 - i] = (unsigned char)('0' + n % 10);
}

static void send_all(struct connection *c, const void *bytes, size_t size) {
  if (send(c->fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size) {
    perror("send");
    exit(1);
  }
  c->got = 0;
}

static void open_connection(struct connection *c) {
  struct sockaddr_in from = {.sin_family = AF_INET};
  int one = 1;
  c->started = now_ns();
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  from.sin_addr.s_addr = htonl(0x7f000002u + (uint32_t)(opened++ % 16));
  setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (bind(c->fd, (struct sockaddr *)&from, sizeof from) < 0) { perror("bind"); exit(1); }
  if (connect(c->fd, (struct sockaddr *)&target, sizeof target) < 0 && errno != EINPROGRESS) {
    perror("connect");
    exit(1);
  }
  c->phase = CONNECTING;
  struct epoll_event e = {.events = EPOLLOUT, .data.ptr = c};
  epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &e);
}

static void call(struct connection *c) {
  next_request();
  if (kept) c->started = now_ns();
  c->phase = CALLING;
  send_all(c, request_pdu, REQUEST_SIZE);
}

static void answered(struct connection *c, unsigned size) {
  uint32_t result;
  memcpy(&result, c->in + size - 4, 4);
  if (c->in[2] != 2 || result != 0) failed++;
  latencies[finished++] = (uint32_t)((now_ns() - c->started) / 1000);
  if (kept) {
    if (started < total) call(c);
    return;
  }
  close(c->fd);
  if (opened < total) open_connection(c);
}

static void readable(struct connection *c) {
  ssize_t n = recv(c->fd, c->in + c->got, sizeof c->in - c->got, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) { fprintf(stderr, "connection lost in phase %d\n", c->phase); exit(1); }
  c->got += (unsigned)n;
  if (c->got < 16) return;
  uint16_t size;
  memcpy(&size, c->in + 8, 2);
  if (c->got < size) return;
  if (c->phase == CALLING) { answered(c, size); return; }
  if (c->in[2] != 12) { fprintf(stderr, "bind answered by PDU type %d\n", c->in[2]); exit(1); }
  if (started < total) call(c);
}

static int ascending(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  if (argc != 9) {
    fprintf(stderr, "load cold|kept 127.0.0.1 PORT CONNECTIONS COUNT SEED APPLICATION-ID ACTIVATION-ID\n");
    return 2;
  }
  kept = strcmp(argv[1], "kept") == 0;
  target.sin_family = AF_INET;
  target.sin_port = htons((uint16_t)atoi(argv[3]));
  if (inet_pton(AF_INET, argv[2], &target.sin_addr) != 1 || ntohl(target.sin_addr.s_addr) >> 24 != 127) {
    fprintf(stderr, "load: loopback addresses only\n");
    return 2;
  }
  unsigned count = (unsigned)atoi(argv[4]);
  total = strtoull(argv[5], NULL, 10);
  seed = mix(strtoull(argv[6], NULL, 10)) & ~0xffffffffull;
  if (count > MAX_CONNECTIONS || count > total || total == 0) return 2;
  latencies = calloc(total + MAX_CONNECTIONS, sizeof *latencies);
  build_pdus(argv[7], argv[8]);
  poller = epoll_create1(0);
  uint64_t begin = now_ns();
  for (unsigned i = 0; i < count; i++) open_connection(&connections[i]);
  while (finished < total) {
    struct epoll_event events[256];
    int n = epoll_wait(poller, events, 256, 30000);
    if (n == 0) { fprintf(stderr, "load: no answer for 30 s, %lu of %lu\n", finished, total); return 1; }
    for (int i = 0; i < n; i++) {
      struct connection *c = events[i].data.ptr;
      if (c->phase == CONNECTING) {
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &e);
        c->phase = BINDING;
        send_all(c, bind_pdu, BIND_SIZE);
      } else {
        readable(c);
      }
    }
  }
  double seconds = (double)(now_ns() - begin) / 1e9;
  qsort(latencies, finished, sizeof *latencies, ascending);
  printf("{\"count\":%lu,\"failed\":%lu,\"seconds\":%.3f,\"perSecond\":%.0f,\"p50Us\":%u,\"p99Us\":%u,\"maxUs\":%u}\n",
         finished, failed, seconds, (double)finished / seconds, latencies[finished / 2],
         latencies[finished * 99 / 100], latencies[finished - 1]);
  return failed == 0 ? 0 : 1;
}
