#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

static void serve(int fd)
{
    std::vector<char> buf(16 * 1024);
    for (;;) {
        ssize_t n = recv(fd, buf.data(), buf.size(), 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        ssize_t done = 0;
        while (done < n) {
            ssize_t m = send(fd, buf.data() + done, n - done, MSG_NOSIGNAL);
            if (m < 0 && errno != EINTR)
                break;
            if (m > 0)
                done += m;
        }
        if (done < n)
            break;
    }
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 1;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(std::atoi(argv[1]));
    if (listener < 0 || bind(listener, reinterpret_cast<sockaddr *>(&a), sizeof a) < 0 || listen(listener, 10) < 0) {
        perror("server");
        return 1;
    }
    for (;;) {
        int fd = accept(listener, nullptr, nullptr);
        if (fd < 0) {
            perror("accept");
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
            continue;
        }
        std::thread(serve, fd).detach();
    }
}
