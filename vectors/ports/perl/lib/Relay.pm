package Relay;

# The pure functions of the relay connector contract: tokens, deliveries, URLs, lines,
# session keys and text lengths. Core modules only. Texts are character strings, bodies
# and payloads are byte strings. A refusal is a die with a Relay::Refused.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256_hex);
use Encode qw(decode encode FB_CROAK LEAVE_SRC);
use MIME::Base64 qw(decode_base64url encode_base64url);

my %known_platform = map { $_ => 1 } qw(
    local telegram discord whatsapp whatsapp_cloud slack signal mattermost matrix homeassistant
    email sms dingtalk api_server webhook msgraph_webhook feishu wecom wecom_callback weixin
    bluebubbles qqbot yuanbao relay
);

sub refuse { die bless { code => $_[0] }, 'Relay::Refused' }

sub utf8 { return encode('UTF-8', $_[0]) }

# sign(bytes, secret): the lower-case hex HMAC-SHA256.
sub sign {
    my ($bytes, $secret) = @_;
    return hmac_sha256_hex($bytes, utf8($secret));
}

sub mint {
    my ($payload, $secret, $exp) = @_;
    my $text = utf8("$payload:$exp");
    return encode_base64url("$text:" . sign($text, $secret));
}

sub is_integer { return defined $_[0] && $_[0] =~ /\A(?:0|[1-9][0-9]*)\z/ }
sub is_hex64   { return defined $_[0] && $_[0] =~ /\A[0-9a-f]{64}\z/ }

sub parse {
    my ($token) = @_;
    refuse('malformed') unless $token =~ /\A[A-Za-z0-9_-]*\z/ && length($token) % 4 != 1;
    my $raw = decode_base64url($token);
    refuse('malformed') if encode_base64url($raw) ne $token;    # stray bits
    my ($payload, $exp, $signature) = $raw =~ /\A(.*):([^:]*):([^:]*)\z/s;
    refuse('malformed') unless is_integer($exp) && is_hex64($signature);
    my $text = eval { decode('UTF-8', $payload, FB_CROAK | LEAVE_SRC) };
    refuse('malformed') unless defined $text;
    return { payload => $text, exp => 0 + $exp, signed => "$payload:$exp", signature => $signature };
}

sub verify {
    my ($token, $secrets, $now) = @_;
    my $claims = parse($token);
    refuse('bad-signature') unless signed($claims->{signed}, $claims->{signature}, $secrets);
    refuse('expired') if $claims->{exp} != 0 && $now > $claims->{exp};
    return $claims->{payload};
}

# Every secret is tried, and every digit compared, so that time does not tell which.
sub signed {
    my ($bytes, $signature, $secrets) = @_;
    my $match = 0;
    for my $secret (grep { $_ ne '' } @$secrets) {
        my $difference = sign($bytes, $secret) ^ $signature;
        $match = 1 if $difference !~ /[^\0]/;
    }
    return $match;
}

sub sign_delivery {
    my ($timestamp, $body, $key) = @_;
    return sign("$timestamp.$body", $key);
}

sub verify_delivery {
    my ($timestamp, $signature, $body, $keys, $now) = @_;
    refuse('malformed') unless is_integer($timestamp) && is_hex64($signature);
    refuse('bad-signature') unless signed("$timestamp.$body", $signature, $keys);
    refuse('skew') if abs($timestamp - $now) > 300;
    return 1;
}

sub trim { my ($s) = @_; $s =~ s/\A[ \t\r\n]+//; $s =~ s/[ \t\r\n]+\z//; return $s }

sub configured_url { my $url = trim(@_); $url =~ s{/+\z}{}; return $url }

sub dial_url {
    my $url = trim(@_);
    $url =~ s{\Ahttp(s?)://}{ws$1://};
    $url =~ s{/+\z}{};
    return $url =~ m{/relay\z} ? $url : "$url/relay";
}

sub http_base {
    my $url = trim(@_);
    $url =~ s{\Aws(s?)://}{http$1://};
    $url =~ s{/+\z}{};
    $url =~ s{/relay\z}{};
    return $url;
}

# lines(\$rest, payload): the lines that a payload completes; $rest is kept per socket
# and direction, and starts empty.
sub lines {
    my ($rest, $payload) = @_;
    $$rest .= $payload;
    my @lines;
    while ($$rest =~ s/\A([^\n]*)\n//) {
        my $line = $1;
        $line =~ s/\r\z//;
        push @lines, $line if $line =~ /[^ \t\r]/;
    }
    return @lines;
}

sub whatsapp_id {
    my ($id) = @_;
    $id =~ s/[\@:].*//s;
    $id =~ s/\A\+//;
    return $id;
}

# session_key(source, revision, profile, per-user groups, per-user threads)
sub session_key {
    my ($source, $revision, $profile, $groups, $threads) = @_;
    my $get = sub { $source->{ $_[0] } // '' };
    my $platform = $known_platform{ $get->('platform') } ? $get->('platform') : 'relay';
    my $person = $platform =~ /\Awhatsapp/ ? \&whatsapp_id : sub { $_[0] };
    my $participant = $person->($get->('user_id_alt') ne '' ? $get->('user_id_alt') : $get->('user_id'));
    my $dm          = $get->('chat_type') eq 'dm';
    my ($slot, $thread, $chat) = map { $get->($_) } qw(chat_type thread_id chat_id);
    if ($thread eq '' && $get->('prospective_thread_id') ne '' && $revision ge '2026-08') {
        ($slot, $thread) = ('thread', $get->('prospective_thread_id'));
    }
    if ($dm) {
        $chat = $person->($chat);
        $chat = $participant if $chat eq '';
    }
    my $alone = !$dm && $groups && ($thread eq '' || $threads);
    my $scope = $platform eq 'slack' && $revision ge '2026-07' ? $get->('scope_id') : '';
    my $name  = $profile eq '' || $profile eq 'default' ? 'main' : $profile;
    return join ':', grep { $_ ne '' } 'agent', $name, $platform, $slot, $scope, $chat, $thread, $alone ? $participant : '';
}

sub text_length {
    my ($text, $unit) = @_;
    return length $text if $unit ne 'utf16';
    # Not through Encode's UTF-16, which takes offence at noncharacters such as U+10FFFF.
    return length($text) + ($text =~ tr/\x{10000}-\x{10FFFF}//);
}

1;
