using System.Globalization;
using System.Text;
using Plue.Server.Platform;

namespace Plue.Server.Cli;

/// <summary>
/// Reads text that the user types: one row that scrolls sideways, drawn without control sequences, so that it works in every terminal and at every width.
/// A backslash before Enter, or Enter with Alt, starts another line, and so does Enter in pasted text.
/// </summary>
internal sealed class LineEditor(Terminal terminal, Keyboard keyboard)
{
    private const int MaxLength = 1024 * 1024;
    private const int MaxHistory = 200;
    private const char LineBreak = '↵';

    /// <summary>The time between two keys that nobody types, but that pasted text needs.</summary>
    private static readonly TimeSpan PasteInterval = TimeSpan.FromMilliseconds(15);

    private readonly Lock sync = new(); // the row is also removed and drawn by what is printed above it
    private readonly List<string> history = [];
    private readonly StringBuilder above = new();
    private string text = "";
    private int caret;
    private int recalled;
    private int drawnWidth;
    private string prompt = "";
    private string firstPrompt = "";

    /// <summary>True while the row is shown.</summary>
    public bool IsShown { get; private set; }

    /// <summary>True if the user has typed something that was not submitted.</summary>
    public bool HasText => text.Length > 0 || above.Length > 0;

    /// <summary>Adds a text that the up arrow recalls.</summary>
    public void Remember(string entry)
    {
        if (history.LastOrDefault() != entry)
        {
            history.Add(entry);
        }
        if (history.Count > MaxHistory)
        {
            history.RemoveAt(0);
        }
    }

    /// <summary>Reads a text. If it is canceled, the row disappears and the next call continues with the same text.</summary>
    /// <returns>Null at the end of the input: Ctrl+D in an empty row, or no terminal.</returns>
    public async Task<string?> ReadAsync(string shownPrompt, CancellationToken cancellationToken)
    {
        firstPrompt = shownPrompt;
        prompt = above.Length > 0 ? Continued(shownPrompt) : shownPrompt;
        recalled = history.Count;
        Show();
        try
        {
            while (true)
            {
                if (await keyboard.ReadAsync(cancellationToken) is not { } key || (IsEnd(key) && !HasText))
                {
                    Submit();
                    return null;
                }

                if (Keyboard.IsInterrupt(key))
                {
                    Clear();
                    terminal.WriteError("Press Ctrl+C again to exit.");
                    Show();
                }
                else if (key.Key != ConsoleKey.Enter)
                {
                    lock (sync)
                    {
                        Take(key);
                        if (!keyboard.HasMore)
                        {
                            Draw();
                        }
                    }
                }
                else if (await StartsLineAsync(key, cancellationToken))
                {
                    Submit();
                    above.Append(text).Append('\n');
                    (text, caret, prompt) = ("", 0, Continued(shownPrompt));
                    Show();
                }
                else
                {
                    Submit();
                    var whole = above.Append(text).ToString();
                    Reset();
                    return whole;
                }
            }
        }
        catch (OperationCanceledException)
        {
            Hide();
            throw;
        }
    }

    /// <summary>Removes the row and what was typed.</summary>
    public void Clear()
    {
        lock (sync)
        {
            Hide();
            Reset();
        }
    }

    /// <summary>Removes the row, so that other lines can be written. <see cref="Show"/> draws it again.</summary>
    public void Hide()
    {
        lock (sync)
        {
            if (IsShown)
            {
                terminal.WriteToDisplay($"\r{new string(' ', drawnWidth)}\r");
                (IsShown, drawnWidth) = (false, 0);
            }
        }
    }

    public void Show()
    {
        lock (sync)
        {
            IsShown = true;
            Draw();
        }
    }

    private async Task<bool> StartsLineAsync(ConsoleKeyInfo enter, CancellationToken cancellationToken)
    {
        if (!text.EndsWith('\\'))
        {
            return enter.Modifiers != ConsoleModifiers.None || await keyboard.HasMoreAsync(PasteInterval, cancellationToken);
        }

        text = text[..^1];
        return true;
    }

    private static string Continued(string shownPrompt) => new string('.', Math.Max(1, shownPrompt.Length - 1)) + " ";

    private static bool IsEnd(ConsoleKeyInfo key) =>
        key.KeyChar == '\u0004' || key is { Key: ConsoleKey.D, Modifiers: ConsoleModifiers.Control };

    private void Reset()
    {
        (text, caret, prompt) = ("", 0, firstPrompt);
        above.Clear();
    }

    private void Take(ConsoleKeyInfo key)
    {
        var isControl = key.Modifiers.HasFlag(ConsoleModifiers.Control);
        switch (key.Key)
        {
            case ConsoleKey.Backspace when caret > 0:
                Replace(Before(caret), caret, "");
                break;
            case ConsoleKey.Delete when caret < text.Length:
                Replace(caret, After(caret), "");
                break;
            case ConsoleKey.LeftArrow:
                caret = isControl ? WordBefore() : Before(caret);
                break;
            case ConsoleKey.RightArrow:
                caret = isControl ? WordAfter() : After(caret);
                break;
            case ConsoleKey.Home:
            case ConsoleKey.A when isControl:
                caret = 0;
                break;
            case ConsoleKey.End:
            case ConsoleKey.E when isControl:
                caret = text.Length;
                break;
            case ConsoleKey.U when isControl:
                Replace(0, caret, "");
                break;
            case ConsoleKey.K when isControl:
                Replace(caret, text.Length, "");
                break;
            case ConsoleKey.W when isControl:
                Replace(WordBefore(), caret, "");
                break;
            case ConsoleKey.UpArrow when recalled > 0:
                Recall(recalled - 1);
                break;
            case ConsoleKey.DownArrow when recalled < history.Count:
                Recall(recalled + 1);
                break;
            default:
                if (!isControl && (key.KeyChar == '\t' || !char.IsControl(key.KeyChar)) && text.Length < MaxLength)
                {
                    Replace(caret, caret, key.KeyChar.ToString());
                }
                break;
        }
    }

    private void Recall(int at)
    {
        recalled = at;
        text = at < history.Count ? history[at] : "";
        caret = text.Length;
    }

    private void Replace(int from, int to, string with)
    {
        text = string.Concat(text.AsSpan(0, from), with, text.AsSpan(to));
        caret = from + with.Length;
    }

    private int After(int at) => at >= text.Length ? at : at + StringInfo.GetNextTextElementLength(text, at);

    private int Before(int at)
    {
        var before = 0;
        for (var next = 0; next < at; next = After(next))
        {
            before = next;
        }

        return before;
    }

    private int WordBefore()
    {
        var at = caret;
        while (at > 0 && char.IsWhiteSpace(text[at - 1]))
        {
            at--;
        }
        while (at > 0 && !char.IsWhiteSpace(text[at - 1]))
        {
            at--;
        }

        return at;
    }

    private int WordAfter()
    {
        var at = caret;
        while (at < text.Length && char.IsWhiteSpace(text[at]))
        {
            at++;
        }
        while (at < text.Length && !char.IsWhiteSpace(text[at]))
        {
            at++;
        }

        return at;
    }

    /// <summary>Draws the part of the text around the caret.</summary>
    private void Draw()
    {
        if (!IsShown)
        {
            return;
        }

        // The last column stays free, because terminals differ in where the caret goes after it.
        var columns = Math.Max(8, terminal.Width - 1) - prompt.Length;
        var from = caret;
        for (var width = 0; from > 0; )
        {
            var before = Before(from);
            width += WidthOf(text[before..from]);
            if (width >= columns)
            {
                break;
            }
            from = before;
        }

        var to = from;
        for (var width = 0; to < text.Length; )
        {
            var next = After(to);
            width += WidthOf(text[to..next]);
            if (width > columns)
            {
                break;
            }
            to = next;
        }

        var shownWidth = prompt.Length + WidthOf(text[from..to]);
        var cleared = new string(' ', Math.Max(0, drawnWidth - shownWidth));
        terminal.WriteToDisplay($"\r{prompt}{ShownText(text[from..to])}{cleared}\r{prompt}{ShownText(text[from..caret])}");
        drawnWidth = shownWidth;
    }

    /// <summary>Writes the whole text, which scrolls up with the terminal.</summary>
    private void Submit()
    {
        lock (sync)
        {
            if (IsShown)
            {
                var cleared = new string(' ', Math.Max(0, drawnWidth - prompt.Length - WidthOf(text)));
                terminal.WriteToDisplay($"\r{prompt}{ShownText(text)}{cleared}\n");
                (IsShown, drawnWidth) = (false, 0);
            }
        }
    }

    private static string ShownText(string part) => HiddenCharacters.Visible(part.Replace('\n', LineBreak).Replace('\t', ' '));

    private static int WidthOf(string part)
    {
        var width = 0;
        var enumerator = StringInfo.GetTextElementEnumerator(ShownText(part));
        while (enumerator.MoveNext())
        {
            width += IsWide(char.ConvertToUtf32(enumerator.GetTextElement(), 0)) ? 2 : 1;
        }

        return width;
    }

    /// <summary>True if terminals show the character in two columns: East Asian scripts and emoji.</summary>
    private static bool IsWide(int value) =>
        value
            is (>= 0x1100 and <= 0x115F)
                or (>= 0x2E80 and <= 0xA4CF)
                or (>= 0xAC00 and <= 0xD7A3)
                or (>= 0xF900 and <= 0xFAFF)
                or (>= 0xFE30 and <= 0xFE6F)
                or (>= 0xFF00 and <= 0xFF60)
                or (>= 0xFFE0 and <= 0xFFE6)
                or (>= 0x1F300 and <= 0x1F64F)
                or (>= 0x1F680 and <= 0x1FAFF)
                or (>= 0x20000 and <= 0x3FFFD);
}
