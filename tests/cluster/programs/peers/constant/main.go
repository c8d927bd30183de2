// A webhook that answers every review with the same: nothing below /nothing, and one patch below /patch. It looks at the
// `uid` of a review and at nothing else. It is the least that a webhook in Go can cost.
package main

import (
	"bytes"
	"encoding/base64"
	"flag"
	"io"
	"log"
	"net/http"
	"os"
)

// The API server writes the `uid` of the request before anything else that has this name.
var uidField = []byte(`"uid":"`)

func main() {
	address := flag.String("listen", "", "the `address` to serve at")
	certificate := flag.String("certificate", "", "the `file` of the certificate")
	key := flag.String("key", "", "the `file` of its key")
	patchFile := flag.String("patch", "", "the `file` of the patch")
	flag.Parse()
	patch, err := os.ReadFile(*patchFile)
	if err != nil {
		log.Fatal(err)
	}
	encoded := base64.StdEncoding.EncodeToString(patch)
	http.Handle("POST /nothing/mutate", constant(`","allowed":true}}`))
	http.Handle("POST /patch/mutate", constant(`","allowed":true,"patchType":"JSONPatch","patch":"`+encoded+`"}}`))
	log.Fatal(http.ListenAndServeTLS(*address, *certificate, *key, nil))
}

// constant answers with the `uid` of the review and this end.
func constant(end string) http.Handler {
	const begin = `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"`
	return http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			http.Error(writer, err.Error(), http.StatusBadRequest)
			return
		}
		_, after, _ := bytes.Cut(body, uidField)
		uid, _, found := bytes.Cut(after, []byte{'"'})
		if !found {
			http.Error(writer, "no uid", http.StatusBadRequest)
			return
		}
		writer.Header().Set("Content-Type", "application/json")
		answer := make([]byte, 0, len(begin)+len(uid)+len(end))
		answer = append(append(append(answer, begin...), uid...), end...)
		writer.Write(answer)
	})
}
