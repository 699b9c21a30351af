# Every vector of a supported op. Run `prove -l` in the directory above.

use strict;
use warnings;

use FindBin;
use JSON::PP;
use Port;
use Test::More;

my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my %seen;
for my $path (sort glob "$FindBin::Bin/../../../*.json") {
    open my $file, '<:raw', $path or die "$path: $!";
    local $/;
    for my $case (@{ $json->decode(<$file>)->{cases} }) {
        next unless $Port::ops{ $case->{op} };
        $seen{ $case->{op} } = 1;
        my $want = exists $case->{error} ? { error => $case->{error} } : { value => $case->{expected} };
        is $json->encode(Port::answer($case)), $json->encode($want), "$case->{id}: $case->{comment}";
    }
}
is_deeply [ sort keys %seen ], [ sort keys %Port::ops ], 'every op has vectors';
done_testing;
