package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/relaykit/relaykit/internal/build"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of this build, and the revision that it was made from",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "fakeconnector %s (%s, %s/%s)\n%s\n",
				build.Read().Version, runtime.Version(), runtime.GOOS, runtime.GOARCH, source(build.Read()))
			return err
		},
	}
}

// source says what a build was made from.
func source(i build.Info) string {
	switch {
	case i.Revision == "":
		return "revision unknown: nothing recorded it in this build"
	case i.Modified:
		return "revision " + i.Revision + ", modified"
	}
	return "revision " + i.Revision
}
