package router

import (
	"strings"

	"barewire/steps/02-request-line"
)

// isOdd says whether a path has empty segments or dot segments.
func isOdd(path string) bool {
	segments := splitPath(path)
	for i, s := range segments {
		if s == "." || s == ".." || s == "" && i < len(segments)-1 {
			return true
		}
	}
	return false
}

// spellRight returns the normal form of a path, in which no browser sees a host.
func spellRight(path string) (string, error) {
	normal, err := reqline.AppendNormalized(nil, []byte(path))
	if err != nil {
		return "", err
	}
	right := string(normal)
	for strings.Contains(right, "//") {
		right = strings.ReplaceAll(right, "//", "/")
	}
	return right, nil
}

// otherSlash returns a path with a slash more or less at its end, or "".
func otherSlash(path string) string {
	if path == "/" {
		return ""
	}
	if strings.HasSuffix(path, "/") {
		return strings.TrimSuffix(path, "/")
	}
	return path + "/"
}
