/* C: standard input, a file, a directory, an exit code. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int main(int argc, char **argv) {
    char line[256];
    int bytes = 0;
    while (fgets(line, sizeof line, stdin)) bytes += strlen(line);
    printf("%d args, %d bytes\n", argc, bytes);
    FILE *file = fopen("/out.txt", "w");
    if (!file) {
        perror("fopen");
        return 3;
    }
    fprintf(file, "%s", argv[1]);
    fclose(file);
    struct stat status;
    stat("/out.txt", &status);
    printf("%lld\n", (long long)status.st_size);
    DIR *directory = opendir("/");
    int entries = 0;
    while (readdir(directory)) entries++;
    printf("%d entries\n", entries);
    return 7;
}
