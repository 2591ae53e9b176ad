# Keeps secrets out of a job's logs while they are written, and out of what it leaves.
#
# perl redact.pl FOLDER...
#   stdin, 3    what the job prints as stdout and as stderr
#   stdout, 2   the logs
#   4           a byte here says that the job has ended, whoever still holds its stdout
#   5           what to look for, a line for each form of a secret: its name, and the form in hexadecimal
# When both streams have ended, the folders are searched too. `{"files":2,"unsearched":0}` goes to claimed/redacted: in how many
# files a secret was masked, and how many were not searched.
use strict;
use warnings;
no warnings 'recursion';

# Forms begin alike for this many bytes; none is shorter.
use constant HEAD => 8;
# Bytes that are read at once; bytes that may be held back.
use constant BLOCK  => 1 << 18;
use constant HELD   => 1 << 17;
# Seconds: how long what begins like a secret is held back, how long a job's last words are read, how long folders are searched.
use constant SILENCE    => 0.5;
use constant LAST_WORDS => 5;
use constant SEARCH     => 60;
# Larger files are weights: of these the ends are searched, where texts may stand.
use constant LARGE => 1 << 30;
use constant ENDS  => 1 << 24;

$SIG{$_} = 'IGNORE' for qw(HUP INT TERM PIPE);

# What follows is found in "flat" text: without line ends, also those that stand as \n in JSON, so that a form may be wrapped anywhere.
my $GAP = qr/[\r\n]+|\\[\\\r\n]*[rn]/;

sub flat {
    my $flat = ${ $_[0] };
    $flat =~ tr/\r\n//d;
    $flat =~ s/\\+[rn]//g;
    return $flat;
}

# The places in a text that these places of its flat text have; ascending.
sub places {
    my ($raw, @flat) = @_;
    my ($skipped, @raw) = (0);
    while (@flat && $$raw =~ /$GAP/g) {
        push @raw, shift(@flat) + $skipped while @flat && $flat[0] < $-[0] - $skipped;
        $skipped += $+[0] - $-[0];
    }
    pos($$raw) = undef;
    return @raw, map { $_ + $skipped } @flat;
}

my (%forms, %beginnings);
open my $list, '<&=5' or die "redact.pl: no list of forms: $!\n";
while (<$list>) {
    my ($name, $hex) = split;
    my $form = pack 'H*', $hex;
    push @{ $forms{ substr $form, 0, HEAD } }, [$form, $name];
    $beginnings{ substr $form, 0, $_ } = 1 for 1 .. HEAD - 1;
}
close $list;
die "redact.pl: nothing to look for\n" if !%forms;
@$_ = sort { length $b->[0] <=> length $a->[0] } @$_ for values %forms;
${^RE_TRIE_MAXBUF} = 1 << 24;
my $heads = join '|', map { quotemeta } sort keys %forms;
$heads = qr/$heads/;

# What of a text is secret: [from, to, name]..., and from where on it cannot be said before more comes.
sub look {
    my ($raw, $is_whole) = @_;
    my $flat = flat($raw);
    my $size = length $flat;
    # Backslashes at the end may become those of a \n.
    my $bare = $flat =~ /\\+\z/ ? $-[0] : $size;
    my ($from, $open, @found) = (0);
  BEGUN: while ($flat =~ /$heads/g) {
        my $at = $-[0];
        my $hit;
        for (@{ $forms{ substr $flat, $at, HEAD } }) {
            my ($form, $name) = @$_;
            my $length = length $form;
            if (substr($flat, $at, $length) eq $form) { $hit = [$at, $at + $length, $name]; last }
            my ($end) = grep { $_ - $at < $length && substr($form, 0, $_ - $at) eq substr $flat, $at, $_ - $at } $size, $bare;
            next if !defined $end;
            if (!$is_whole) { $open = $at; last BEGUN }
            # Cut off in the middle.
            if (2 * ($end - $at) >= $length) { $hit = [$at, $end, $name]; last }
        }
        $from = $hit ? $hit->[1] : $at + 1;
        push @found, $hit if $hit;
        pos($flat) = $from;
    }
    if (!$is_whole && !defined $open) {
      TAIL: for my $length (reverse 1 .. HEAD - 1) {
            for my $end ($size, $bare) {
                my $at = $end - $length;
                next if $at < $from || !$beginnings{ substr $flat, $at, $length };
                $open = $at;
                last TAIL;
            }
        }
    }
    my $begun = defined $open ? $size - $open : 0;
    if (!@found) {
        return ([], length $$raw, 0) if !defined $open;
        # What is long before it has no say; the cut must part no \n.
        my $cut = length($$raw) - 4096 - 2 * $begun;
        $cut = 0 if $cut < 0;
        $cut-- while $cut > 0 && substr($$raw, $cut - 1, 1) =~ /[\\\r\n]/;
        my $last = substr $$raw, $cut;
        my $before = $size - length flat(\$last);
        return ([], $cut + (places(\$last, $open - $before))[0], $begun) if $before <= $open;
    }
    my @places = places($raw, (map { ($_->[0], $_->[1] - 1) } @found), defined $open ? $open : ());
    my @marks = map { [shift @places, 1 + shift @places, $_->[2]] } @found;
    return (\@marks, defined $open ? $places[0] : length $$raw, $begun);
}

# --- logs

sub show {
    my ($log, $text) = @_;
    my $done = 0;
    while ($done < length $text) {
        my $wrote = syswrite $log, $text, length($text) - $done, $done;
        die "redact.pl: a log cannot be written: $!\n" if !defined $wrote;
        $done += $wrote;
    }
}

# Writes what is known to be no secret. Of what is kept, the first `shown` bytes stand in the log already.
sub pass {
    my ($stream, $is_whole) = @_;
    my ($marks, $until, $begun) = look(\$stream->{text}, $is_whole);
    if ($until < length($stream->{text}) - HELD) { ($marks, $until, $begun) = look(\$stream->{text}, 1) }
    my ($at, $clear) = ($stream->{shown}, '');
    for (@$marks) {
        my ($from, $to, $name) = @$_;
        $clear .= substr $stream->{text}, $at, $from - $at if $from > $at;
        $clear .= "[redacted $name]";
        $at = $to;
    }
    $clear .= substr $stream->{text}, $at, $until - $at if $until > $at;
    $at = $until if $until > $at;
    show($stream->{log}, $clear);
    substr $stream->{text}, 0, $until, '';
    @$stream{qw(shown begun)} = ($at - $until, $begun);
}

# A beginning too short to be worth hiding is not kept waiting. It stays known, for the rest of a secret to be recognized.
sub let_go {
    my ($stream) = @_;
    return if $stream->{begun} >= HEAD;
    show($stream->{log}, substr $stream->{text}, $stream->{shown});
    $stream->{shown} = length $stream->{text};
}

open my $stderr, '<&=3' or die "redact.pl: no stderr: $!\n";
open my $told,   '<&=4' or die "redact.pl: $!\n";
my @streams = map { {in => $_->[0], log => $_->[1], text => '', shown => 0, begun => 0} } [\*STDIN, \*STDOUT], [$stderr, \*STDERR];
my @open = @streams;
my $until;
while (@open && (!defined $until || time < $until)) {
    my $ready = '';
    vec($ready, fileno $_->{in}, 1) = 1 for @open;
    vec($ready, fileno $told, 1) = 1 if $told;
    my $waits = grep { $_->{shown} < length $_->{text} && $_->{begun} < HEAD } @open;
    my $count = select $ready, undef, undef, defined $until ? 0 : $waits ? SILENCE : undef;
    next if $count < 0;
    if ($count == 0) {
        last if defined $until;
        let_go($_) for @open;
        next;
    }
    if ($told && vec $ready, fileno $told, 1) {
        $until = time + LAST_WORDS if sysread $told, my $byte, 1;
        undef $told;
    }
    for my $stream (grep { vec $ready, fileno $_->{in}, 1 } @open) {
        if (sysread $stream->{in}, $stream->{text}, BLOCK, length $stream->{text}) { pass($stream, 0) }
        else                                                                      { $stream->{ended} = 1 }
    }
    @open = grep { !$_->{ended} } @open;
}
pass($_, 1) for @streams;

# --- folders

# In a file, a line of a wrapped form may have words of its own around it: pieces count too, from a third of a form on.
use constant PIECE => 24;

my %blocks;
for my $one (map { @$_ } values %forms) {
    my ($form, $name) = @$one;
    push @{ $blocks{ substr $form, HEAD * $_, HEAD } }, [$form, $name, HEAD * $_] for 0 .. length($form) / HEAD - 1;
}
my $blocks = join '|', map { quotemeta } sort keys %blocks;
$blocks = qr/$blocks/;

sub pieces {
    my ($raw) = @_;
    my $flat = flat($raw);
    my ($until, @found) = (0);
    while ($flat =~ /$blocks/g) {
        my $at = $-[0];
        next if $at < $until;
        for (@{ $blocks{ substr $flat, $at, HEAD } }) {
            my ($form, $name, $place) = @$_;
            my ($before, $after) = (0, HEAD);
            $before++ while $before < $place && $before < $at && substr($form, $place - $before - 1, 1) eq substr $flat, $at - $before - 1, 1;
            $after++ while $place + $after < length $form && $at + $after < length $flat && substr($form, $place + $after, 1) eq substr $flat, $at + $after, 1;
            my $length = $before + $after;
            next if $length < PIECE || 3 * $length < length $form;
            push @found, [$at - $before < $until ? $until : $at - $before, $at + $after];
            $until = $at + $after;
            last;
        }
    }
    return if !@found;
    my @places = places($raw, map { ($_->[0], $_->[1] - 1) } @found);
    return map { [shift @places, 1 + shift @places] } @found;
}

my (%names, @files);
my $unsearched = 0;

# Names too; of what is found, a link leads nowhere.
sub gather {
    my ($folder) = @_;
    my $mode = (lstat $folder)[2];
    chmod $mode & 07777 | 0700, $folder if ($mode & 0700) != 0700;
    opendir my $handle, $folder or do { $unsearched++; return };
    my @names = grep { !/^\.\.?\z/ } readdir $handle;
    closedir $handle;
    for my $name (@names) {
        my ($marks) = look(\$name, 1);
        my $path = "$folder/$name";
        if (@$marks) {
            my $masked = masked($name, $marks);
            $masked .= '-' while lstat "$folder/$masked";
            rename $path, "$folder/$masked" and $path = "$folder/$masked";
        }
        my ($device, $inode, $mode, $links, $size) = (lstat $path)[0, 1, 2, 3, 7] or next;
        if (-l _) {
            my $target = readlink $path;
            my ($found) = look(\$target, 1);
            if (@$found) { unlink $path; symlink masked($target, $found), $path }
        }
        elsif (-d _) { gather($path) }
        elsif (-f _ && !$names{"$device:$inode"}++) { push @files, [$path, $size, "$device:$inode", $links] }
    }
}

sub masked {
    my ($text, $marks) = @_;
    substr $text, $_->[0], $_->[1] - $_->[0], '*' x ($_->[1] - $_->[0]) for @$marks;
    return $text;
}

# The marks of a part of a file: [from, length]...
sub marks {
    my ($file, $at, $to) = @_;
    sysseek $file, $at, 0;
    my ($text, @all) = ('');
    while ($at + length $text < $to) {
        sysread $file, $text, BLOCK, length $text or last;
        my ($marks, $until) = look(\$text, 0);
        push @all, map { [$at + $_->[0], $_->[1] - $_->[0]] } @$marks, pieces(\$text);
        $until = length $text if $until < length($text) - HELD;
        substr $text, 0, $until, '';
        $at += $until;
    }
    my ($marks) = look(\$text, 1);
    return @all, map { [$at + $_->[0], $_->[1] - $_->[0]] } @$marks, pieces(\$text);
}

# Masks are as long as what they hide: whoever knows places in a file finds them again.
sub search {
    my ($path, $size, $id, $links) = @$_;
    my ($mode, $read, $written) = (lstat $path)[2, 8, 9];
    my $found = 0;
    chmod $mode & 07777 | 0600, $path if ($mode & 0600) != 0600;
    my $is_open = open my $file, '+<', $path;
    my ($device, $inode) = $is_open ? stat $file : ();
    if (!$is_open || "$device:$inode" ne $id) { $unsearched++ }
    else {
        my @marks = $size <= LARGE ? marks($file, 0, $size) : (marks($file, 0, ENDS), marks($file, $size - ENDS, $size));
        # Another name of it may be somebody else's file.
        if    (@marks && $links > $names{$id}) { $unsearched++ }
        elsif (@marks) {
            for (@marks) { sysseek $file, $_->[0], 0; syswrite $file, '*' x $_->[1] }
            utime $read, $written, $file;
            $found = 1;
        }
        close $file;
    }
    chmod $mode & 07777, $path if ($mode & 0600) != 0600;
    return $found;
}

gather($_) for map { -l $_ ? readlink $_ : $_ } grep { -d $_ } @ARGV;
my ($begun, $count) = (time, 0);
# The largest last: they hold numbers, not words.
for (sort { $a->[1] <=> $b->[1] } @files) {
    if (time - $begun > SEARCH) { $unsearched++ }
    else                        { $count += search($_) }
}
open my $record, '>', 'claimed/redacted' or exit 1;
print $record qq({"files":$count,"unsearched":$unsearched}\n);
close $record or exit 1;
