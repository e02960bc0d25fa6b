# SPDX-License-Identifier: MIT
"""Anything that runs can be graded: the same mistakes in several languages, told by line where the
call is the program's own, by operation where an interpreter makes it."""

import os
import shutil
import subprocess

import pytest
from lesson import HEAD, assignment, grade, verdicts

TESTS = """
[[test]]
name = "echoes"
points = 2
expect.stdout = "fault-free"
[[test]]
name = "short reads"
points = 4
rules = ["recv conn=1: short 1"]
expect.stdout = "fault-free"
forbid.short-recv-taken-for-whole = 3
[[test]]
name = "shorter reads"
points = 4
rules = ["recv conn=1: short 2"]
expect.stdout = "fault-free"
forbid.short-recv-taken-for-whole = 3
"""
PYTHON = """\
import socket, sys
line = sys.stdin.readline().encode()
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
s.sendall(line)
sys.stdout.write(s.recv(1000).decode())
s.close()
"""
JAVA = """\
import java.io.*;
import java.net.*;
public class Client {
    public static void main(String[] a) throws Exception {
        String line = new BufferedReader(new InputStreamReader(System.in)).readLine() + "\\n";
        Socket s = new Socket(a[0], Integer.parseInt(a[1]));
        s.getOutputStream().write(line.getBytes());
        byte[] b = new byte[1000];
        System.out.write(b, 0, s.getInputStream().read(b));
        System.out.flush();
        s.close();
    }
}
"""
RUST = """\
use std::io::{self, BufRead, Read, Write};
use std::net::TcpStream;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).unwrap();
    let mut s = TcpStream::connect(format!("{}:{}", a[1], a[2])).unwrap();
    s.write_all(line.as_bytes()).unwrap();
    let mut b = [0u8; 1000];
    let n = s.read(&mut b).unwrap(); // here
    io::stdout().write_all(&b[..n]).unwrap();
}
"""
CPP = r"""
#include <arpa/inet.h>
#include <iostream>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

class Client
{
  public:
    explicit Client(int fd) : fd_(fd) {}
    std::string ask(const std::string &line)
    {
        std::string answer(1000, '\0');
        ::send(fd_, line.data(), line.size(), MSG_NOSIGNAL);
        ssize_t n = ::recv(fd_, &answer[0], answer.size(), 0); // here
        answer.resize(n > 0 ? static_cast<size_t>(n) : 0);
        return answer;
    }

  private:
    int fd_;
};

int main(int, char **argv)
{
    std::string line;
    sockaddr_in address = {};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(std::stoi(argv[2])));
    inet_pton(AF_INET, argv[1], &address.sin_addr);
    if (connect(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) < 0)
        return 1;
    std::getline(std::cin, line);
    std::cout << Client(fd).ask(line + "\n");
    close(fd);
}
"""


def graded(folder, file, text, build, command, limits=""):
    head = HEAD.replace(
        'command = "cc -g -O1 -o client client.c"', build and f'command = "{build}"'
    )
    head = head.replace('["./client", "{host}", "{port}"]', command)
    head = head.replace('within = "3s"', f'within = "20s"\n{limits}')
    made = assignment(folder, TESTS, head)
    (folder / "one").mkdir(exist_ok=True)
    (folder / "one" / file).write_text(text)
    status, said = grade(made, "one", "--report", "out")
    assert status == 0, said
    return verdicts(folder / "out", "one")


def check(made, file, line):
    """The first of the two tests pays for the mistake, the second has met it before."""
    assert [one["points"] for one in made.values()] == [2, 1, 4], made
    first, second = (one["losses"][0] for one in list(made.values())[1:])
    assert first["finding"] == "short-recv-taken-for-whole"
    assert (first["file"], first["line"], first["operation"]) == (file, line, "recv")
    assert second["before"] == "short reads"


def here(text):
    return 1 + text[: text.index("// here")].count("\n")


def test_cpp(tmp_path):
    command = '["./client", "{host}", "{port}"]'
    made = graded(tmp_path, "client.cc", CPP, "g++ -g -O1 -o client client.cc", command)
    check(made, "client.cc", here(CPP))
    assert "Client::ask" in made["short reads"]["losses"][0]["function"]


def test_python(tmp_path):
    command = '["python3", "client.py", "{host}", "{port}"]'
    check(graded(tmp_path, "client.py", PYTHON, "", command), None, None)


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("javac"), reason="no Java compiler")
def test_java(tmp_path):
    command = '["java", "Client", "{host}", "{port}"]'
    limits = 'memory = "4GiB"'
    check(graded(tmp_path, "Client.java", JAVA, "javac Client.java", command, limits), None, None)


def rustc():
    return shutil.which("rustc", path=f"{os.environ['PATH']}:{os.path.expanduser('~/.cargo/bin')}")


@pytest.mark.long
@pytest.mark.skipif(not rustc(), reason="no Rust compiler")
def test_rust(tmp_path):
    """Built outside the box, where a toolchain in a home can't be seen."""
    folder = tmp_path / "one"
    folder.mkdir()
    (folder / "client.rs").write_text(RUST)
    words = [rustc(), "-g", f"--remap-path-prefix={folder}=.", "-o", "client", "client.rs"]
    subprocess.run(words, cwd=folder, check=True, timeout=300)
    made = graded(tmp_path, "client.rs", RUST, "", '["./client", "{host}", "{port}"]')
    check(made, "client.rs", here(RUST))
