// Command versitygw is the embedded object store: versitygw's S3 gateway on a POSIX file system, and its IAM service.
//
// It links upstream's libraries, with a backend that refuses keys and IDs that lead out of a bucket (backend.go). Flags
// and environment variables are those of upstream's command, as far as the store's pod uses them.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/urfave/cli/v2"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
)

const (
	maxConnections = 250_000
	maxRequests    = 100_000
	// copyThreshold is the size in bytes of the largest object that one call copies, as in S3.
	copyThreshold = 5 << 30
)

// version returns the version of versitygw's module.
func version() string {
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, module := range build.Deps {
			if module.Path == "github.com/versity/versitygw" {
				return module.Version
			}
		}
	}
	return "unknown"
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := app().RunContext(ctx, os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func app() *cli.App {
	return &cli.App{
		Name:    "versitygw",
		Usage:   "S3 on a POSIX file system",
		Version: version(),
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "port", Usage: "address to listen on", Value: cli.NewStringSlice(":7070")},
			&cli.StringSliceFlag{Name: "admin-port", Usage: "address of the admin API"},
			&cli.StringFlag{Name: "access", Usage: "access key of the administrator", EnvVars: []string{"ROOT_ACCESS_KEY_ID"}},
			&cli.StringFlag{Name: "secret", Usage: "secret key of the administrator", EnvVars: []string{"ROOT_SECRET_ACCESS_KEY"}},
			&cli.StringFlag{Name: "region", Usage: "region that requests are signed for", Value: "us-east-1"},
			&cli.StringFlag{Name: "iam-standalone-endpoint", Usage: "socket of the IAM service"},
			&cli.BoolFlag{Name: "disable-acl", Usage: "whether ACLs are refused"},
			&cli.BoolFlag{Name: "keep-alive", Usage: "whether connections are kept"},
			&cli.BoolFlag{Name: "quiet", Usage: "whether requests are not logged"},
			&cli.StringFlag{Name: "health", Usage: "path that answers without a signature"},
		},
		Commands: []*cli.Command{
			{
				Name:      "posix",
				Usage:     "serve S3",
				ArgsUsage: "FOLDER",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "versioning-dir", Usage: "folder of old versions of objects"},
				},
				Action: serveObjects,
			},
			{
				Name:  "iam",
				Usage: "serve the IAM API",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "dir", Usage: "folder of the accounts", Required: true},
					&cli.StringSliceFlag{Name: "private-ports", Usage: "socket that the gateway asks on"},
					&cli.BoolFlag{Name: "quiet", Usage: "whether requests are not logged"},
				},
				Action: serveAccounts,
			},
		},
	}
}

func serveObjects(c *cli.Context) error {
	if c.NArg() != 1 {
		return fmt.Errorf("posix takes one folder, not %d", c.NArg())
	}
	folder := c.Args().First()
	attributes := meta.XattrMeta{}
	if err := attributes.Test(folder); err != nil {
		return fmt.Errorf("%s: extended attributes: %w", folder, err)
	}
	options := posix.PosixOpts{
		VersioningDir:       c.String("versioning-dir"),
		Concurrency:         5000,
		IOBufferSize:        1 << 20,
		CopyObjectThreshold: copyThreshold,
	}
	options.SetNewDirPerm(0o755)
	options.SetNewFilePerm(0o644)
	files, err := posix.New(folder, attributes, options)
	if err != nil {
		return fmt.Errorf("%s: %w", folder, err)
	}
	return embedgw.RunVersityGW(c.Context, checked{files}, &embedgw.Config{
		RootUserAccess:        c.String("access"),
		RootUserSecret:        c.String("secret"),
		Region:                c.String("region"),
		Ports:                 c.StringSlice("port"),
		AdminPorts:            c.StringSlice("admin-port"),
		MaxConnections:        maxConnections,
		MaxRequests:           maxRequests,
		AdminMaxConnections:   maxConnections,
		AdminMaxRequests:      maxRequests,
		MultipartMaxParts:     10_000,
		DisableACLs:           c.Bool("disable-acl"),
		KeepAlive:             c.Bool("keep-alive"),
		Quiet:                 c.Bool("quiet"),
		HealthPath:            c.String("health"),
		StandaloneIAMEndpoint: c.String("iam-standalone-endpoint"),
		IAMCacheTTL:           120,
		IAMCachePrune:         3600,
		Version:               version(),
	})
}

func serveAccounts(c *cli.Context) error {
	return embedgw.RunIAMAPI(c.Context, &embedgw.IAMConfig{
		RootUserAccess: c.String("access"),
		RootUserSecret: c.String("secret"),
		Region:         c.String("region"),
		Ports:          c.StringSlice("port"),
		MaxConnections: maxConnections,
		MaxRequests:    maxRequests,
		KeepAlive:      c.Bool("keep-alive"),
		Quiet:          c.Bool("quiet"),
		HealthPath:     c.String("health"),
		PrivatePorts:   c.StringSlice("private-ports"),
		IAMDir:         c.String("dir"),
		Version:        version(),
	})
}
