using System.Globalization;
using System.Text;
using Plue.Server.Platform;

namespace Plue.Server.Tools;

/// <summary>
/// Sanitizes the output of a command while it runs: terminal sequences are removed and other control characters are made visible. Keeps the head and the tail;
/// long output is stored on disk.
/// </summary>
internal sealed class ShellOutput(Func<StoredOutput> createOutput) : IDisposable
{
    /// <summary>The number of characters of the head and of the tail.</summary>
    public const int Part = 15_000;
    private const int MaxSequenceLength = 4_096;

    private readonly Decoder decoder = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder head = new();
    private readonly StringBuilder tail = new();
    private StoredOutput? stored;
    private string? storeFault;
    private long length;
    private State state;
    private bool wasReturn;
    private int sequence;

    private enum State
    {
        Text,
        Escape,
        Control,
        Text7,
        TextEscape,
    }

    /// <summary>Gets a hint how to read all output, once there is more than <see cref="ToString"/> returns.</summary>
    public string ReadHint => storeFault ?? stored?.ReadHint ?? "it was not stored";

    /// <returns>The sanitized text for immediate display.</returns>
    public string Add(ReadOnlySpan<byte> bytes)
    {
        var characters = new char[decoder.GetCharCount(bytes, flush: false)];
        decoder.GetChars(bytes, characters, flush: false);
        var clean = new StringBuilder(characters.Length);
        foreach (var character in characters)
        {
            Process(character, clean);
        }

        var text = HiddenCharacters.Visible(clean.ToString());
        Append(text);
        return text;
    }

    /// <summary>Gets the complete output, or its head and tail with a hint how to read the rest.</summary>
    public override string ToString()
    {
        if (length <= 2 * Part)
        {
            return head.ToString() + tail;
        }

        var end = TextCut.Tail(tail.ToString(), Part);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{head}\n[{length - head.Length - end.Length} characters omitted; {storeFault ?? stored?.ReadHint}]\n{end}"
        );
    }

    public void Dispose() => stored?.Dispose();

    private void Append(string text)
    {
        length += text.Length;
        Store(text);
        var first = Math.Min(text.Length, Part - head.Length);
        if (first > 0 && first < text.Length && char.IsHighSurrogate(text[first - 1]))
        {
            first--;
        }

        head.Append(text, 0, Math.Max(0, first));
        tail.Append(text, Math.Max(0, first), text.Length - Math.Max(0, first));
        if (tail.Length > 4 * Part)
        {
            tail.Remove(0, tail.Length - (2 * Part));
        }
    }

    private void Store(string text)
    {
        if (storeFault is not null || length <= 2 * Part)
        {
            return;
        }

        try
        {
            if (stored is null)
            {
                stored = createOutput();
                stored.Write(head.ToString() + tail);
            }

            stored.Write(text);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            storeFault = "the full output could not be stored";
        }
    }

    /// <summary>
    /// Removes ECMA-48 sequences: ESC [ … letter; ESC ] … BEL or ESC \; ESC and one letter. An unterminated sequence becomes text after a limit.
    /// </summary>
    private void Process(char character, StringBuilder clean)
    {
        if (state != State.Text && ++sequence > MaxSequenceLength)
        {
            state = State.Text;
        }

        switch (state)
        {
            case State.Escape:
                state = character switch
                {
                    '[' => State.Control,
                    ']' or 'P' or '^' or '_' or 'X' => State.Text7,
                    >= ' ' and <= '/' => State.Escape,
                    _ => State.Text,
                };
                break;
            case State.Control when character is >= '@' and <= '~':
                state = State.Text;
                break;
            case State.Control when character is '\n' or '\u001B':
                state = State.Text;
                Process(character, clean);
                break;
            case State.Text7:
                state = character switch
                {
                    '\a' or '\u009C' => State.Text,
                    '\u001B' => State.TextEscape,
                    _ => State.Text7,
                };
                break;
            case State.TextEscape:
                state = character == '\\' ? State.Text : State.Text7;
                break;
            case State.Control:
                break;
            default:
                if (character is '\u001B' or '\u009B' or '\u009D' or '\u0090')
                {
                    sequence = 0;
                    state = character switch
                    {
                        '\u001B' => State.Escape,
                        '\u009B' => State.Control,
                        _ => State.Text7,
                    };
                }
                else
                {
                    Emit(character, clean);
                }

                break;
        }
    }

    /// <summary>Writes a character. A carriage return without a line feed starts a new line.</summary>
    private void Emit(char character, StringBuilder clean)
    {
        if (wasReturn)
        {
            clean.Append('\n');
        }
        if (character != '\r' && !(wasReturn && character == '\n'))
        {
            clean.Append(character);
        }

        wasReturn = character == '\r';
    }
}
