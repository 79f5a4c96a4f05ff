using Plue.Server.Messages;

namespace Plue.Server.Cli;

/// <summary>The message of a command: its argument and piped input.</summary>
internal static class MessageInput
{
    private const int MaxCharacters = 16 * 1024 * 1024;

    /// <summary>Waits for a pipe that is not closed, but stops on Ctrl+C.</summary>
    /// <param name="missing">The failure if there is no message.</param>
    /// <exception cref="FailureException">BadRequest: there is no message, or it is too long.</exception>
    public static async Task<string> ReadAsync(Terminal terminal, string? given, string missing, CancellationToken cancellationToken)
    {
        var piped = terminal.IsInputRedirected
            ? await Task.Run(() => terminal.ReadToEnd(MaxCharacters), CancellationToken.None).WaitAsync(cancellationToken)
            : "";
        if (piped is null)
        {
            throw new FailureException(FailureKind.BadRequest, $"More than {MaxCharacters} characters were piped in. Shorten the input.");
        }

        var text = string.Join("\n\n", new[] { given, piped }.Where(part => !string.IsNullOrWhiteSpace(part)));
        return text.Length > 0 ? text : throw new FailureException(FailureKind.BadRequest, missing);
    }
}
