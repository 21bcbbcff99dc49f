// Loads a Compose file as docker compose does, schema and interpolation included, and prints what it came to as JSON.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	options, err := cli.NewProjectOptions(os.Args[2:], cli.WithName("naqid"), cli.WithEnvFiles(os.Args[1]), cli.WithDotEnv)
	if err == nil {
		project, failure := options.LoadProject(context.Background())
		if err = failure; err == nil {
			text, _ := project.MarshalJSON()
			fmt.Println(string(text))
			return
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
