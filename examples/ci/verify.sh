#!/bin/sh
# Judge a gateway in any CI that runs a shell: verify.sh [flags of fakeconnector verify].
# The reports are in ./conformance, for a CI server that reads JUnit or keeps files.
set -u

fakeconnector verify --target target.yaml --report conformance "$@"
code=$?
case $code in
0) echo "conformant" ;;
1) echo "not conformant: the evidence is above, and in conformance/report.json" ;;
2) echo "the command line or target.yaml is wrong: nothing was judged" ;;
*) echo "the gateway could not be started, or the suite failed: this says nothing about the gateway" ;;
esac
exit $code
