using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Plue.Server.Cli;

/// <summary>Stdin, stdout and stderr of the command line. Only this class and <c>Rpc</c> write to stdout.</summary>
/// <param name="readKey">Reads one key press without echo; null if there is no keyboard.</param>
internal sealed class Terminal(
    TextReader input,
    TextWriter output,
    TextWriter error,
    bool isInputRedirected,
    Func<ConsoleKeyInfo>? readKey = null
)
{
    private const int DefaultWidth = 80;

    /// <summary>The terminal of this process. All streams are UTF-8. Stdout is written on <see cref="Flush"/> or at the end of a line.</summary>
    public static Terminal OfThisProcess()
    {
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        if (OperatingSystem.IsWindows() && !Console.IsOutputRedirected)
        {
            Console.OutputEncoding = utf8;
        }

        var output = new StreamWriter(OpenOutput(), utf8, bufferSize: 4096);
        var error = new StreamWriter(Console.OpenStandardError(), utf8) { AutoFlush = true };
        var isRedirected = Console.IsInputRedirected;
        var input = isRedirected ? new StreamReader(Console.OpenStandardInput(), utf8) : Console.In;
        return new Terminal(input, output, error, isRedirected, isRedirected ? null : () => Console.ReadKey(intercept: true))
        {
            IsDisplay = !Console.IsErrorRedirected,
            HasColor =
                !Console.IsErrorRedirected
                && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
                && Environment.GetEnvironmentVariable("TERM") is not ("" or "dumb"),
            MeasureWidth = () => Console.IsErrorRedirected ? 0 : Console.WindowWidth,
            CaptureInterrupts = () => Console.TreatControlCAsInput = true,
        };
    }

    public bool IsInputRedirected { get; } = isInputRedirected;

    /// <summary>True if a user is at the keyboard.</summary>
    public bool CanAsk => readKey is not null;

    /// <summary>True if a user sees stderr.</summary>
    public bool IsDisplay { get; init; }

    /// <summary>True if stderr shows colors.</summary>
    public bool HasColor { get; init; }

    /// <summary>The width in columns.</summary>
    public int Width => MeasureWidth() is > 0 and var width ? width : DefaultWidth;

    public Func<int> MeasureWidth { private get; init; } = () => DefaultWidth;

    /// <summary>Makes Ctrl+C a key. Programs that this process started do not get a signal then.</summary>
    public Action CaptureInterrupts { get; init; } = () => { };

    /// <summary>Called once if the reader of stdout has ended, as <c>head</c> does. Later output is discarded.</summary>
    public Action OutputClosed { get; set; } = () => { };

    /// <summary>True if the reader of stdout has ended.</summary>
    public bool IsOutputClosed { get; private set; }

    /// <summary>Writes text to stdout. It is buffered until the end of a line or <see cref="Flush"/>.</summary>
    public void Write(ReadOnlySpan<char> text)
    {
        try
        {
            output.Write(text);
        }
        catch (IOException)
        {
            CloseOutput();
        }
    }

    public void WriteLine(string line = "")
    {
        Write(line);
        Write("\n");
        Flush();
    }

    public void Flush()
    {
        try
        {
            output.Flush();
        }
        catch (IOException)
        {
            CloseOutput();
        }
    }

    /// <summary>Writes a line to stderr.</summary>
    public void WriteError(string line) => WriteToDisplay(line + "\n");

    /// <summary>Writes text to stderr as it is.</summary>
    public void WriteToDisplay(string text)
    {
        try
        {
            error.Write(text);
            error.Flush();
        }
        catch (IOException)
        { /* Nothing can show it. */
        }
    }

    /// <summary>Reads one key press without echo.</summary>
    public ConsoleKeyInfo ReadKey() => (readKey ?? throw new InvalidOperationException("There is no keyboard."))();

    public string? ReadLine() => input.ReadLine();

    /// <summary>Reads redirected stdin to its end.</summary>
    /// <returns>Null if it has more than <paramref name="maximum"/> characters.</returns>
    public string? ReadToEnd(int maximum)
    {
        // Most input is short or empty, so the buffer grows on demand. The input may be a secret, so its copies are cleared.
        var buffer = new char[Math.Min(4096, maximum + 1)];
        var length = 0;
        while (input.ReadBlock(buffer, length, buffer.Length - length) is > 0 and var read)
        {
            length += read;
            if (length > maximum)
            {
                break;
            }
            if (length < buffer.Length)
            {
                continue;
            }

            var larger = new char[(int)Math.Min(buffer.Length * 2L, maximum + 1L)];
            buffer.CopyTo(larger, 0);
            Array.Clear(buffer);
            buffer = larger;
        }

        var text = length > maximum ? null : new string(buffer, 0, length);
        Array.Clear(buffer);
        return text;
    }

    /// <summary>Prints a prompt to stderr and reads keys without echo.</summary>
    /// <returns>Null if there is no user, or the input was canceled with Ctrl+D or Escape.</returns>
    public string? ReadSecret(string prompt)
    {
        if (readKey is null)
        {
            return null;
        }

        error.Write(prompt);
        error.Flush();
        var typed = new StringBuilder();
        while (true)
        {
            var key = readKey();
            if (key.Key == ConsoleKey.Enter)
            {
                break;
            }

            if (key.Key == ConsoleKey.Escape || key.KeyChar == '\u0004')
            {
                WriteError("");
                return null;
            }

            if (key.Key == ConsoleKey.Backspace)
            {
                typed.Length = Math.Max(0, typed.Length - 1);
            }
            else if (key.KeyChar != '\0')
            {
                typed.Append(key.KeyChar);
            }
        }

        WriteError("");
        return typed.ToString();
    }

    private static Stream OpenOutput()
    {
        // The stream of the console does not report that the reader of a pipe has ended.
        if (!OperatingSystem.IsWindows() && Console.IsOutputRedirected)
        {
            var pipe = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            if (!pipe.CanSeek)
            {
                return pipe;
            }
        }

#pragma warning disable RS0030 // These commands do not use stdout for a protocol.
        return Console.OpenStandardOutput();
#pragma warning restore RS0030
    }

    private void CloseOutput()
    {
        if (!IsOutputClosed)
        {
            IsOutputClosed = true;
            OutputClosed();
        }
    }
}
