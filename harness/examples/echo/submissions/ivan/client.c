#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    int sd = socket(PF_INET, SOCK_STREAM, 0);
    struct sockaddr_in srv;
    memset(&srv, 0, sizeof srv);
    srv.sin_family = AF_INET;
    srv.sin_port = htons(atoi(argv[2]));
    srv.sin_addr.s_addr = inet_addr(argv[1]);
    connect(sd, (struct sockaddr*)&srv, sizeof srv);

    char buf[4096];
    while(fgets(buf, sizeof buf, stdin)) {
        // send
        int len = strlen(buf), off = 0;
        while(off < len) {
            int n = send(sd, buf + off, len - off, MSG_NOSIGNAL);
            if(n < 0) {
                perror("send");
                exit(1);
            }
            off += n;
        }
        // receive
        off = 0;
        while(off < len) {
            int n = recv(sd, buf + off, len - off, 0);
            if(n <= 0) {
                fprintf(stderr, "lost the server\n");
                exit(1);
            }
            off += n;
        }
        printf("%.*s", len, buf);
    }
    shutdown(sd, SHUT_WR);
    if(recv(sd, buf, sizeof buf, 0) != 0) {
        fprintf(stderr, "no end\n");
        exit(1);
    }
    close(sd);
    return 0;
}
