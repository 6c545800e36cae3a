// Emits the touchpoints of one call, as CloudEvents in structured JSON, with Go's own Kafka client.
//
//	go run . -bootstrap localhost:9092
//
// Identifiers may be sent clear from here: the first stage hides them before anything is kept. Do not make contact ids
// or event ids from them.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"hash/crc32"
	"log"
	"strings"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"
)

const topic = "journey.touchpoints"

// Data is what a touchpoint says; `touchpath schema` prints all of it.
type Data struct {
	Channel     string            `json:"channel"`
	ContactID   string            `json:"contact_id,omitempty"`
	Identifiers map[string]string `json:"identifiers,omitempty"`
	Intent      string            `json:"intent,omitempty"`
	Queue       string            `json:"queue,omitempty"`
	Agent       string            `json:"agent,omitempty"`
}

func touchpoint(kind string, at time.Time, data Data) (*kgo.Record, error) {
	event := cloudevents.NewEvent()
	event.SetID(uuid.Must(uuid.NewV7()).String()) // an id counts once: keep it if you may send the event again
	event.SetSource("go-example")
	event.SetType(kind)
	event.SetTime(at)
	if err := event.SetData(cloudevents.ApplicationJSON, data); err != nil {
		return nil, err
	}
	if err := event.Validate(); err != nil {
		return nil, err
	}
	value, err := json.Marshal(event)
	if err != nil {
		return nil, err
	}
	header := kgo.RecordHeader{Key: "content-type", Value: []byte("application/cloudevents+json")}
	return &kgo.Record{Key: []byte(data.ContactID), Value: value, Headers: []kgo.RecordHeader{header}}, nil
}

// byContact lands an event where it is worked on; with another partitioner it takes one hop more.
func byContact(key []byte, partitions int) int {
	return int(crc32.ChecksumIEEE(key) % uint32(partitions))
}

func run(bootstrap string) error {
	// Idempotence and acks from all replicas are this client's defaults.
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(bootstrap, ",")...),
		kgo.DefaultProduceTopic(topic),
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(byContact)),
	)
	if err != nil {
		return err
	}
	defer client.Close()

	call := "go-" + uuid.NewString()
	began := time.Now().UTC().Add(-5 * time.Minute)
	ann := map[string]string{"customer_id": "42", "phone": "+972501234567"}
	var records []*kgo.Record
	for _, step := range []struct {
		kind  string
		after time.Duration
		data  Data
	}{
		{"queued", 0, Data{Channel: "voice", ContactID: call, Identifiers: ann, Intent: "billing", Queue: "billing"}},
		{"connected", 40 * time.Second, Data{Channel: "voice", ContactID: call, Queue: "billing", Agent: "a-7"}},
		{"ended", 4 * time.Minute, Data{Channel: "voice", ContactID: call, Queue: "billing", Agent: "a-7"}},
	} {
		record, err := touchpoint(step.kind, began.Add(step.after), step.data)
		if err != nil {
			return fmt.Errorf("%s: %w", step.kind, err)
		}
		records = append(records, record)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := client.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return fmt.Errorf("not acknowledged: %w", err)
	}
	fmt.Printf("%d touchpoints of %s acknowledged\n", len(records), call)
	return nil
}

func main() {
	bootstrap := flag.String("bootstrap", "localhost:9092", "host:port of Kafka, several with commas")
	flag.Parse()
	if err := run(*bootstrap); err != nil {
		log.Fatal(err)
	}
}
