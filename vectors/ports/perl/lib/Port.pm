package Port;

# What a question of a vector asks of Relay.

use strict;
use warnings;

use Encode qw(decode);
use JSON::PP ();
use Relay;
use Scalar::Util qw(blessed);

sub bytes {
    my ($part) = @_;
    return pack 'H*', $part->{hex} if defined $part->{hex};
    return Relay::utf8($part->{text}) x ($part->{times} // 1);
}

sub switch { my ($i, $name, $default) = @_; return exists $i->{$name} ? $i->{$name} : $default }

our %ops = (
    'token/mint'   => sub { my ($i, $now) = @_; Relay::mint($i->{payload}, $i->{secret}, $i->{exp} // $now + 300) },
    'token/sign'   => sub { Relay::sign(Relay::utf8($_[0]{text}), $_[0]{secret}) },
    'token/verify' => sub { my ($i, $now) = @_; Relay::verify($i->{token}, $i->{secrets}, $now) },
    'token/peek'   => sub {
        my $claims = Relay::parse($_[0]{token});
        return { payload => $claims->{payload}, exp => $claims->{exp} };
    },
    'delivery/sign'   => sub { Relay::sign_delivery($_[0]{timestamp}, bytes($_[0]{body}), $_[0]{key}) },
    'delivery/verify' => sub {
        my ($i, $now) = @_;
        Relay::verify_delivery($i->{timestamp}, $i->{signature}, bytes($i->{body}), $i->{keys}, $now);
        return JSON::PP::true;
    },
    'url/configured' => sub { Relay::configured_url($_[0]{base}) },
    'url/dial'       => sub { Relay::dial_url($_[0]{base}) },
    'url/http-base'  => sub { Relay::http_base($_[0]{base}) },
    'url/route'      => sub { Relay::http_base($_[0]{base}) . $_[0]{route} },
    'frames/split'   => sub {
        my $rest = '';
        return [ map { decode('UTF-8', $_) } map { Relay::lines(\$rest, bytes($_)) } @{ $_[0]{messages} } ];
    },
    'session-key/key' => sub {
        my ($i) = @_;
        return Relay::session_key($i->{source}, $i->{revision}, $i->{profile} // '',
            switch($i, 'group_sessions_per_user', 1), switch($i, 'thread_sessions_per_user', 0));
    },
    'text/length' => sub { Relay::text_length($_[0]{text}, $_[0]{unit}) },
);

# The answer to a question, or the outcome of a vector, without its id.
sub answer {
    my ($question) = @_;
    my $op = $ops{ $question->{op} } or return { unsupported => JSON::PP::true };
    my $value = eval { $op->($question->{input}, $question->{now}) };
    return { value => $value } if $@ eq '';
    return { error => $@->{code} } if blessed $@ && $@->isa('Relay::Refused');
    die $@;
}

1;
