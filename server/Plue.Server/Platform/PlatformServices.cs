using Microsoft.Extensions.Logging;

namespace Plue.Server.Platform;

/// <summary>The paths, clock, workspace and log for all modules.</summary>
internal sealed class PlatformServices : IDisposable
{
    private readonly LoggerFactory logs;

    /// <param name="redactor">Masks the secrets of this process.</param>
    /// <param name="paths">Null for the default folder.</param>
    /// <param name="time">Null for the system clock.</param>
    public PlatformServices(LogLevel logLevel, ITextMask redactor, PluePaths? paths = null, TimeProvider? time = null)
    {
        (Redactor, Paths, Time) = (redactor, paths ?? PluePaths.FromEnvironment(), time ?? TimeProvider.System);
        ProtectedPaths = new ProtectedPaths(Paths, PluePaths.UserFolder);
        logs = new LoggerFactory([new StderrLog(logLevel, Paths.Logs, redactor.Mask)], new LoggerFilterOptions { MinLevel = logLevel });
    }

    public static string Version { get; } = typeof(PlatformServices).Assembly.GetName().Version?.ToString(3) ?? "0";

    public PluePaths Paths { get; }
    public TimeProvider Time { get; }
    public Workspace Workspace { get; } = new();
    public ITextMask Redactor { get; }
    public ProtectedPaths ProtectedPaths { get; }

    /// <param name="workspace">A folder to trust, because the user named it; null for none.</param>
    public void Trust(string? workspace)
    {
        if (workspace is not null)
        {
            Workspace.Open(Path.GetFullPath(workspace), trusted: true);
        }
    }

    public ILogger CreateLogger(string category) => logs.CreateLogger(category);

    public void Dispose() => logs.Dispose();
}
