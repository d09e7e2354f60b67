# For setup.sh and run_autograder, which begin with: source environment.sh
# AUTOGRADER is for trying this elsewhere.
autograder=${AUTOGRADER:-/autograder}
source=$autograder/source
export GOROOT=$source/go PATH=$source/go/bin:$PATH
export GOTOOLCHAIN=local GOPROXY=off GOFLAGS= GOWORK=off GOENV=off GOTELEMETRY=off
export GOMODCACHE=$source/modules GOCACHE=$source/cache HOME=${HOME:-/root}
export GOMEMLIMIT=200MiB # of the 768 MB; compiling and the submission take the rest
