#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <signal.h>
#include <sys/wait.h>
#include <arpa/inet.h>
#include <sys/socket.h>

// child process: send back everything
void handle(int sd)
{
    char buf[4096];
    int n, off;
    do {
        n = recv(sd, buf, sizeof buf, 0);
        off = 0;
        while(off != n) {
            int m = send(sd, buf + off, n - off, MSG_NOSIGNAL);
            if(m < 0) exit(1);
            off += m;
        }
    } while(n > 0);
    close(sd);
    exit(0);
}

int main(int argc, char **argv)
{
    int ld = socket(PF_INET, SOCK_STREAM, 0), yes = 1;
    struct sockaddr_in adr;
    memset(&adr, 0, sizeof adr);
    adr.sin_family = AF_INET;
    adr.sin_port = htons(atoi(argv[1]));
    setsockopt(ld, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    bind(ld, (struct sockaddr*)&adr, sizeof adr);
    listen(ld, 10);
    signal(SIGCHLD, SIG_IGN);
    while(1) {
        int sd = accept(ld, NULL, NULL);
        if(sd < 0) continue;
        if(fork() == 0) {
            close(ld);
            handle(sd);
        }
        close(sd);
    }
}
