// Go: goroutines, timers, standard input, a walk through the files, an exit code.
package main

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

func main() {
	scanner := bufio.NewScanner(os.Stdin)
	words := 0
	for scanner.Scan() {
		words += len(strings.Fields(scanner.Text()))
	}
	var group sync.WaitGroup
	results := make(chan int, 10)
	for i := range 10 {
		group.Add(1)
		go func() {
			defer group.Done()
			time.Sleep(time.Millisecond * time.Duration(i))
			results <- i * i
		}()
	}
	group.Wait()
	close(results)
	total := 0
	for result := range results {
		total += result
	}
	fmt.Println(os.Args[1:], words, "words", total)
	entries := 0
	filepath.WalkDir("/", func(string, fs.DirEntry, error) error {
		entries++
		return nil
	})
	fmt.Println(entries, "entries")
	os.Exit(4)
}
