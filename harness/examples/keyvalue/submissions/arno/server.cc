// Key-value server, level-triggered epoll.
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>

namespace {

constexpr uint32_t kMaxFrame = 1024;
constexpr size_t kMaxKey = 32;

std::map<std::string, std::string> store;

struct Client {
    int fd;
    std::string in, out;
    bool bad = false;     // sent nonsense: answer BAD, then only wait for its end
    bool ended = false;
};

std::map<int, std::unique_ptr<Client>> clients;
int ep;

std::string handle(const std::string &request)
{
    const auto space = request.find(' ');
    if (space != 3)
        return "BAD";
    const std::string verb = request.substr(0, 3), rest = request.substr(4);
    if (verb == "PUT") {
        const auto cut = rest.find(' ');
        if (cut == std::string::npos || cut == 0 || cut > kMaxKey)
            return "BAD";
        store[rest.substr(0, cut)] = rest.substr(cut + 1);
        return "OK";
    }
    if (rest.empty() || rest.size() > kMaxKey || rest.find(' ') != std::string::npos)
        return "BAD";
    const auto it = store.find(rest);
    if (verb == "GET")
        return it == store.end() ? "NO" : "OK " + it->second;
    if (verb == "DEL")
        return store.erase(rest) ? "OK" : "NO";
    return "BAD";
}

void put(Client &c, const std::string &text)
{
    const uint32_t n = htonl(text.size());
    c.out.append(reinterpret_cast<const char *>(&n), 4);
    c.out += text;
}

void parse(Client &c)
{
    while (!c.bad && c.in.size() >= 4) {
        uint32_t n;
        memcpy(&n, c.in.data(), 4);
        n = ntohl(n);
        if (n == 0 || n > kMaxFrame) {
            put(c, "BAD");
            c.bad = true;
        } else if (c.in.size() < 4 + n) {
            break;
        } else {
            put(c, handle(c.in.substr(4, n)));
            c.in.erase(0, 4 + n);
        }
    }
    if (c.bad)
        c.in.clear();
}

void drop(Client &c)
{
    close(c.fd);
    clients.erase(c.fd);
}

bool harmless() { return errno == EAGAIN || errno == EINTR; }

// false: the client is gone
bool readable(Client &c)
{
    char buf[2048];
    const ssize_t n = recv(c.fd, buf, sizeof buf, 0);
    if (n < 0)
        return harmless();
    if (n == 0)
        return false;
    c.in.append(buf, n);
    parse(c);
    return true;
}

bool flush(Client &c)
{
    while (!c.out.empty()) {
        const ssize_t n = send(c.fd, c.out.data(), c.out.size(), MSG_NOSIGNAL);
        if (n < 0)
            return harmless();
        c.out.erase(0, n);
    }
    if (c.bad && !c.ended) {
        c.ended = true;
        shutdown(c.fd, SHUT_WR);
    }
    return true;
}

void serve(Client &c, uint32_t events)
{
    if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) && !readable(c))
        return drop(c);
    if (!flush(c))
        return drop(c);
    epoll_event ev{};
    ev.events = c.out.empty() ? EPOLLIN : EPOLLOUT;
    ev.data.fd = c.fd;
    epoll_ctl(ep, EPOLL_CTL_MOD, c.fd, &ev);
}

void welcome(int listener)
{
    const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
    if (fd < 0) {
        if (!harmless()) {
            perror("accept");
            usleep(10 * 1000);
        }
        return;
    }
    auto c = std::make_unique<Client>();
    c->fd = fd;
    clients[fd] = std::move(c);
    epoll_event ev{};
    ev.events = EPOLLIN;
    ev.data.fd = fd;
    epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 2)
        return 1;
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(atoi(argv[1]));
    if (bind(listener, reinterpret_cast<sockaddr *>(&a), sizeof a) < 0 || listen(listener, 100) < 0) {
        perror("server");
        return 1;
    }
    ep = epoll_create1(0);
    epoll_event ev{};
    ev.events = EPOLLIN;
    ev.data.fd = listener;
    epoll_ctl(ep, EPOLL_CTL_ADD, listener, &ev);

    for (;;) {
        epoll_event events[32];
        const int n = epoll_wait(ep, events, 32, -1);
        if (n < 0 && errno != EINTR) {
            perror("epoll_wait");
            return 1;
        }
        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == listener)
                welcome(listener);
            else if (auto it = clients.find(events[i].data.fd); it != clients.end())
                serve(*it->second, events[i].events);
        }
    }
}
