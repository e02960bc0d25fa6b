#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct job {
    int fd;
};

void *worker(void *p) {
    struct job *job = p;
    char buf[1024];
    int n, m, done;

    while ((n = read(job->fd, buf, sizeof(buf))) > 0) {
        for (done = 0; done < n; done += m) {
            m = write(job->fd, buf + done, n - done);
            if (m < 0)
                goto out;
        }
    }
out:
    close(job->fd);
    free(job);
    return NULL;
}

int main(int argc, char **argv) {
    struct sockaddr_in sa = {0};
    int listenfd, on = 1;
    pthread_t tid;

    if (argc != 2) {
        fprintf(stderr, "usage: server PORT\n");
        return 1;
    }
    listenfd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listenfd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    sa.sin_family = AF_INET;
    sa.sin_port = htons(atoi(argv[1]));
    if (bind(listenfd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(listenfd, 20) < 0) {
        perror("server");
        return 1;
    }
    while (1) {
        struct job *job = malloc(sizeof(*job));
        job->fd = accept(listenfd, NULL, NULL);
        if (job->fd < 0) {
            perror("accept");
            free(job);
            usleep(1000);
            continue;
        }
        pthread_create(&tid, NULL, worker, job);
        pthread_detach(tid);
    }
}
