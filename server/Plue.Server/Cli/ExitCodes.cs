namespace Plue.Server.Cli;

/// <summary>The exit codes of `plue`.</summary>
internal static class ExitCodes
{
    public const int Done = 0;

    /// <summary>The provider, the vault or the disk failed.</summary>
    public const int Failed = 1;
    public const int BadUsage = 2;

    /// <summary>Ctrl+C: 128 + SIGINT, as in shells.</summary>
    public const int Interrupted = 130;
}
