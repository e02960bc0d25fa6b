#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>
#include <stdexcept>
#include <string>

// Closes itself, so that no error path can forget it.
class Socket {
public:
    Socket() : fd_(socket(AF_INET, SOCK_STREAM, 0)) { check(fd_, "socket"); }
    ~Socket() { if (fd_ >= 0) close(fd_); }
    Socket(const Socket &) = delete;
    Socket &operator=(const Socket &) = delete;

    void connect(const char *host, int port)
    {
        sockaddr_in a{};
        a.sin_family = AF_INET;
        a.sin_port = htons(port);
        if (inet_pton(AF_INET, host, &a.sin_addr) != 1)
            throw std::runtime_error("not an address");
        check(::connect(fd_, reinterpret_cast<sockaddr *>(&a), sizeof a), "connect");
    }

    void sendAll(const std::string &s)
    {
        size_t done = 0;
        while (done < s.size()) {
            ssize_t n = ::send(fd_, s.data() + done, s.size() - done, MSG_NOSIGNAL);
            if (n < 0 && errno == EINTR)
                continue;
            check(n, "send");
            done += n;
        }
    }

    // one line; what is behind it stays in rest_
    std::string getLine()
    {
        size_t pos;
        while ((pos = rest_.find('\n')) == std::string::npos)
            if (!more())
                throw std::runtime_error("connection ended in a line");
        std::string line = rest_.substr(0, pos + 1);
        rest_.erase(0, pos + 1);
        return line;
    }

    void finish()
    {
        check(shutdown(fd_, SHUT_WR), "shutdown");
        while (more())
            ;
    }

private:
    bool more()
    {
        char buf[512];
        ssize_t n;
        do
            n = ::recv(fd_, buf, sizeof buf, 0);
        while (n < 0 && errno == EINTR);
        check(n, "recv");
        rest_.append(buf, n);
        return n > 0;
    }

    static void check(ssize_t rc, const char *what)
    {
        if (rc < 0)
            throw std::runtime_error(std::string(what) + ": " + strerror(errno));
    }

    int fd_;
    std::string rest_;
};

int main(int argc, char **argv)
{
    if (argc != 3) {
        std::cerr << "usage: client HOST PORT\n";
        return 1;
    }
    try {
        Socket s;
        s.connect(argv[1], std::stoi(argv[2]));
        std::string line;
        while (std::getline(std::cin, line)) {
            s.sendAll(line + "\n");
            std::cout << s.getLine();
        }
        s.finish();
    } catch (const std::exception &e) {
        std::cerr << e.what() << "\n";
        return 1;
    }
}
