// Command subject is what the tests run in a container. MODE says what it does.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

func main() {
	switch mode := os.Getenv("MODE"); mode {
	case "exit":
		fmt.Println("on my way")
		fmt.Fprint(os.Stderr, "no newline at the end")
		os.Exit(3)
	case "abort":
		// A main process has no default reaction to a signal, so it exits as if it had one.
		os.Exit(128 + int(syscall.SIGABRT))
	case "graceful":
		asked := make(chan os.Signal, 1)
		signal.Notify(asked, syscall.SIGTERM)
		fmt.Println("ready")
		fmt.Println((<-asked).String())
	case "ignore":
		signal.Ignore(syscall.SIGTERM)
		forever := make(chan os.Signal, 1)
		signal.Notify(forever, syscall.SIGUSR1)
		fmt.Println("ready")
		<-forever
	case "environment":
		names := os.Environ()
		slices.Sort(names)
		fmt.Println(strings.Join(names, "\n"))
	case "arguments":
		fmt.Println(strings.Join(os.Args[1:], "|"))
	case "file":
		text, err := os.ReadFile("etc/gateway/config.yaml")
		fmt.Printf("%d %s %v\n", os.Getuid(), text, err)
	case "dial":
		conn, err := net.Dial("tcp", os.Getenv("ADDRESS"))
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Fprint(conn, "here")
		conn.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, conn)
	case "flood":
		for i := range 100_000 {
			fmt.Println("line", i)
		}
	default:
		fmt.Printf("unknown mode %q\n", mode)
		os.Exit(2)
	}
}
