using System.Threading.Channels;
using Plue.Server.Cli;

namespace Plue.Server.Tests.Cli;

public sealed class LineEditorTests
{
    private const char Left = '\uE001';
    private const char Right = '\uE002';
    private const char Up = '\uE003';
    private const char Home = '\uE004';
    private const char Delete = '\uE005';
    private const char AltEnter = '\uE006';

    private readonly StringWriter shown = new();
    private readonly TextWriter screen;

    public LineEditorTests() => screen = TextWriter.Synchronized(shown);

    [Theory]
    [InlineData("hello\r", "hello")]
    [InlineData("helo\uE001l\r", "hello")]
    [InlineData("xab\uE004\uE005c\r", "cab")]
    [InlineData("a😀b\uE001\uE001\uE005\r", "ab")]
    [InlineData("a😀\b\r", "a")]
    [InlineData("one two\u0017three\r", "one three")]
    [InlineData("one\u0015two\r", "two")]
    [InlineData("one\\\rtwo\r", "one\ntwo")]
    [InlineData("one\uE006two\r", "one\ntwo")]
    [InlineData("\uE003!\r", "earlier!")]
    [InlineData("漢字\uE001\uE001x\uE002\r", "x漢字")]
    [InlineData("typed\u0003new\r", "new")]
    [InlineData("one\\\rtwo\u0003new\r", "new")]
    public async Task Keys_edit_the_text(string keys, string expected)
    {
        var editor = Editor(keys, 80);
        editor.Remember("earlier");
        Assert.Equal(expected, await editor.ReadAsync("> ", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_end_of_input_in_an_empty_row_ends_and_in_text_does_nothing()
    {
        Assert.Null(await Editor("\u0004", 80).ReadAsync("> ", TestContext.Current.CancellationToken));
        Assert.Equal("ab", await Editor("a\u0004b\r", 80).ReadAsync("> ", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_narrow_row_scrolls_and_never_wraps_before_it_is_sent()
    {
        var text = "The quick brown fox 漢字漢字漢字漢字 jumps over the lazy dog.";
        Assert.Equal(text, await Editor($"{text}\r", 20).ReadAsync("> ", TestContext.Current.CancellationToken));
        var drawn = Shown().Split('\n')[0].Split('\r');
        Assert.All(drawn[..^1], row => Assert.InRange(row.Sum(character => character > '\u2E80' ? 2 : 1), 0, 19));
        Assert.Equal($"> {text}", drawn[^1].TrimEnd());
    }

    [Fact]
    public async Task A_canceled_read_keeps_the_text_for_the_next_one()
    {
        var keys = Channel.CreateUnbounded<char>();
        var editor = Editor(() => keys.Reader.ReadAsync().AsTask().GetAwaiter().GetResult(), 80);
        using var stop = new CancellationTokenSource();
        var reading = editor.ReadAsync("> ", stop.Token);
        foreach (var key in "half")
        {
            keys.Writer.TryWrite(key);
        }

        while (!Shown().EndsWith("> half", StringComparison.Ordinal))
        {
            await Task.Yield();
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        Assert.EndsWith("\r      \r", Shown(), StringComparison.Ordinal);
        keys.Writer.TryWrite('!');
        keys.Writer.TryWrite('\r');
        Assert.Equal("half!", await editor.ReadAsync("> ", TestContext.Current.CancellationToken));
    }

    /// <summary>Returns what is shown; the editor may draw at the same time, which holds the lock of its writer.</summary>
    private string Shown()
    {
        lock (screen)
        {
            return shown.ToString();
        }
    }

    private LineEditor Editor(string keys, int width)
    {
        var next = 0;
        return Editor(() => keys[next++], width, () => next == keys.Length);
    }

    /// <summary>Creates an editor whose keys are typed one by one, each after the last was drawn.</summary>
    private LineEditor Editor(Func<char> next, int width, Func<bool>? isEnd = null)
    {
        var terminal = new Terminal(
            TextReader.Null,
            TextWriter.Null,
            screen,
            isInputRedirected: false,
            () => isEnd?.Invoke() == true ? default : KeyOf(next())
        )
        {
            MeasureWidth = () => width,
        };
        return new LineEditor(terminal, new Keyboard(terminal, _ => false));
    }

    private static ConsoleKeyInfo KeyOf(char key) =>
        key switch
        {
            Left => new('\0', ConsoleKey.LeftArrow, false, false, false),
            Right => new('\0', ConsoleKey.RightArrow, false, false, false),
            Up => new('\0', ConsoleKey.UpArrow, false, false, false),
            Home => new('\0', ConsoleKey.Home, false, false, false),
            Delete => new('\0', ConsoleKey.Delete, false, false, false),
            AltEnter => new('\r', ConsoleKey.Enter, false, true, false),
            '\r' => new('\r', ConsoleKey.Enter, false, false, false),
            '\b' => new('\b', ConsoleKey.Backspace, false, false, false),
            < ' ' => new(key, ConsoleKey.A + (key - 1), false, false, true),
            _ => new(key, ConsoleKey.None, false, false, false),
        };
}
