package browser

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestShots takes pictures, for somebody to look at: SHOTS=FOLDER go test -run Shots
// ./browser, and AT="03-headers-bodies/ bench/#limits" for some places only; with PRINT=1 as they are printed. It is no test, so
// without SHOTS it has nothing to do.
func TestShots(t *testing.T) {
	dir := os.Getenv("SHOTS")
	if dir == "" {
		return
	}
	places := strings.Fields(os.Getenv("AT"))
	if len(places) == 0 {
		places = pages(t)
	}
	for _, place := range places {
		b := open(t)
		name := strings.NewReplacer("/", "-", "#", "-").Replace(strings.TrimSuffix(place, "/"))
		if os.Getenv("PRINT") != "" {
			b.dark(true)
			b.visit(place)
			paper, err := chromedp.Run(b.ctx, chromedp.PrintToPDF())
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name+".pdf"), paper, 0o666); err != nil {
				t.Fatal(err)
			}
			continue
		}
		for _, width := range []int64{1280, 390} {
			b.size(width, 1000, width < 500)
			for _, dark := range []bool{false, true} {
				b.dark(dark)
				b.visit("")
				b.visit(place)
				if js := os.Getenv("DO"); js != "" {
					eval[any](b, js)
				}
				picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
				if err != nil {
					t.Fatal(err)
				}
				file := name + "-" + strconv.FormatInt(width, 10)
				if dark {
					file += "-dark"
				}
				if err := os.WriteFile(filepath.Join(dir, file+".png"), picture, 0o666); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
