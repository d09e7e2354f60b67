package workshop

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// Parse reads the arguments of a command; flags and names may come in any
// order. It returns the names.
func Parse(flags *flag.FlagSet, args []string) ([]string, error) {
	flags.SetOutput(io.Discard)
	var names []string
	for {
		if err := flags.Parse(args); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", flags.Name(), err, describe(flags))
		}
		if flags.NArg() == 0 {
			return names, nil
		}
		names = append(names, flags.Arg(0))
		args = flags.Args()[1:]
	}
}

// describe lists the flags of a command.
func describe(flags *flag.FlagSet) string {
	var b strings.Builder
	fmt.Fprintf(&b, "the flags of %s are:\n", flags.Name())
	n := b.Len()
	flags.VisitAll(func(f *flag.Flag) {
		value, usage := flag.UnquoteUsage(f)
		fmt.Fprintf(&b, "  %-18s %s\n", "-"+f.Name+" "+value, usage)
	})
	if b.Len() == n {
		return flags.Name() + " has no flags"
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// AtMost complains if there are more than n names.
func AtMost(n int, command string, names []string) error {
	if len(names) > n {
		return fmt.Errorf("%s: %q is one name too many", command, strings.Join(names, " "))
	}
	return nil
}
