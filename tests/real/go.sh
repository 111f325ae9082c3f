# A Go program, built here, whose goroutines execute programs and talk over loopback.
mkdir -p /tmp/go && cd /tmp/go
cat >real.go <<'EOF'
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"sync"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "served ", r.URL.Path) }))
	results := make([]string, 24)
	var all sync.WaitGroup
	for i := range results {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			out, err := exec.Command("/bin/sh", "-c", fmt.Sprintf("echo program %d; exit %d", i, i%3)).Output()
			answer, err2 := http.Get(fmt.Sprintf("http://%s/%d", listener.Addr(), i))
			if err2 != nil {
				results[i] = err2.Error()
				return
			}
			body, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			results[i] = fmt.Sprint(string(out), err, " ", string(body))
		}(i)
	}
	all.Wait()
	for _, result := range results {
		fmt.Println(result)
	}
}
EOF
export HOME=/tmp/go GOCACHE=/tmp/go/cache GO111MODULE=off CGO_ENABLED=0
go build -o real real.go && echo "go build ended with $?"
./real
echo "ended with $?"
