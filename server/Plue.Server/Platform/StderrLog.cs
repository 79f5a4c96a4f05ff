using System.Text;
using Microsoft.Extensions.Logging;

namespace Plue.Server.Platform;

/// <summary>
/// Writes log lines to stderr, each prefixed with its level (<c>info: </c>), at which the editor shows it, and to a file of at most
/// 4 MiB with one older file kept. Never writes to stdout.
/// </summary>
/// <param name="mask">Masks secrets in a line.</param>
internal sealed class StderrLog(LogLevel minimum, string? folder, Func<string, string> mask) : ILoggerProvider
{
    private const long MaxFileBytes = 4 * 1024 * 1024;
    private readonly Lock sync = new();
    private readonly Stream stderr = Console.OpenStandardError();
    private FileStream? file;
    private bool fileFailed;
    private bool isClosed;

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    public void Dispose()
    {
        lock (sync)
        {
            file?.Dispose();
            (file, isClosed) = (null, true);
        }
    }

    private void Write(LogLevel level, string category, string message, Exception? exception)
    {
        var text = mask(exception is null ? $"{category}: {message}" : $"{category}: {message}\n{exception}");
        // A line break would start a line without a level.
        var line = $"{Name(level)}: {text.ReplaceLineEndings("\n      ")}\n";
        lock (sync)
        {
            WriteToStderr(line);
            WriteToFile(line);
        }
    }

    private void WriteToStderr(string line)
    {
        try
        {
            stderr.Write(Encoding.UTF8.GetBytes(line));
        }
        catch (IOException)
        { /* The editor closed its end; the file still has the line. */
        }
    }

    private void WriteToFile(string line)
    {
        if (folder is null || fileFailed || isClosed)
        {
            return;
        }

        try
        {
            if (file is { Length: > MaxFileBytes })
            {
                file.Dispose();
                file = null;
            }
            file ??= Open(folder);
            // Several windows write to the same file, so each must append after the others' lines.
            file.Seek(0, SeekOrigin.End);
            file.Write(Encoding.UTF8.GetBytes($"{DateTimeOffset.UtcNow:O} {line}"));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            fileFailed = true;
            WriteToStderr($"warn: Log: The log file could not be opened: {fault.Message}\n");
        }
    }

    private static FileStream Open(string folder)
    {
        DurableFile.CreatePrivateDirectory(folder);
        var path = Path.Combine(folder, "plue.log");
        if (File.Exists(path) && new FileInfo(path).Length > MaxFileBytes)
        {
            File.Move(path, Path.Combine(folder, "plue.old.log"), overwrite: true);
        }
        return DurableFile.OpenPrivate(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
    }

    private static string Name(LogLevel level) =>
        level switch
        {
            LogLevel.Trace => "trce",
            LogLevel.Debug => "dbug",
            LogLevel.Information => "info",
            LogLevel.Warning => "warn",
            LogLevel.Error => "fail",
            _ => "crit",
        };

    private sealed class Logger(StderrLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= log.Minimum;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (IsEnabled(logLevel))
            {
                log.Write(logLevel, category, formatter(state, exception), exception);
            }
        }
    }

    private LogLevel Minimum => minimum;
}
