using System.Text;
using Microsoft.Win32.SafeHandles;
using Plue.Server.Messages;

namespace Plue.Server.Cli;

/// <summary>Reads a secret from a file descriptor, a pipe, or a prompt without echo. Secrets are never passed as arguments.</summary>
internal static class SecretInput
{
    private const int Maximum = 64 * 1024;

    /// <param name="descriptor">An open file descriptor; 0 is stdin.</param>
    /// <exception cref="FailureException">BadRequest, MissingField.</exception>
    public static string FromDescriptor(int descriptor, Terminal terminal) =>
        descriptor == 0 ? FromPipe(terminal) : WithoutLineEnd(ReadDescriptor(descriptor));

    /// <summary>Reads stdin to its end, without the line break that <c>echo</c> adds.</summary>
    public static string FromPipe(Terminal terminal) => WithoutLineEnd(terminal.ReadToEnd(Maximum) ?? throw TooLong());

    /// <exception cref="FailureException">MissingField: there is no terminal, or the input is empty.</exception>
    public static string FromPrompt(Terminal terminal, string prompt, string otherwise) =>
        terminal.ReadSecret(prompt) is { Length: > 0 } typed
            ? typed
            : throw new FailureException(
                FailureKind.MissingField,
                $"{(terminal.CanAsk ? "The input is empty." : "The input is not a terminal, so there is no prompt.")} {otherwise}"
            );

    private static string ReadDescriptor(int descriptor)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new FailureException(
                FailureKind.BadRequest,
                "File descriptors other than 0 do not exist on Windows. Pipe the secret in, with 0."
            );
        }

        try
        {
            using var handle = new SafeFileHandle(descriptor, ownsHandle: false);
            using var stream = new FileStream(handle, FileAccess.Read, bufferSize: 0);
            var bytes = new byte[Maximum + 1];
            var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return length > Maximum ? throw TooLong() : Encoding.UTF8.GetString(bytes, 0, length);
        }
        catch (Exception exception)
            when (exception is IOException or ArgumentException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new FailureException(
                FailureKind.BadRequest,
                $"File descriptor {descriptor} cannot be read. Open it for the command, as in: plue vault list --passphrase-fd 3 3<file",
                exception
            );
        }
    }

    private static string WithoutLineEnd(string text)
    {
        var line =
            text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2]
            : text.EndsWith('\n') ? text[..^1]
            : text;
        return line.Length > 0 ? line : throw new FailureException(FailureKind.MissingField, "The secret is empty. Pass a value.");
    }

    private static FailureException TooLong() =>
        new(FailureKind.BadRequest, $"The secret is longer than {Maximum} characters. Check the input.");
}
