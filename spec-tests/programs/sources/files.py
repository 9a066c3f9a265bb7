"""Python: arguments, standard input, files, links, times."""

import hashlib
import os
import sys
import time

print(sys.argv[1:], sys.stdin.read().upper())
os.makedirs("/w/a/b")
with open("/w/a/b/f.txt", "w") as file:
    file.write("hi\n" * 1000)
print(hashlib.sha256(open("/w/a/b/f.txt", "rb").read()).hexdigest())
os.rename("/w/a/b/f.txt", "/w/g")
os.removedirs("/w/a/b")
os.symlink("g", "/w/l")
print(os.readlink("/w/l"), os.stat("/w/l").st_size, sorted(os.listdir("/w")))
start = time.time()
time.sleep(0.1)
print(time.time() - start >= 0.1)
