#!/usr/bin/env perl
# Answers vectors: JSON Lines in, JSON Lines out.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP;
use Port;

my $json = JSON::PP->new->utf8->ascii->canonical;
$| = 1;
while (my $line = <STDIN>) {
    my $question = $json->decode($line);
    print $json->encode({ id => $question->{id}, %{ Port::answer($question) } }), "\n";
}
