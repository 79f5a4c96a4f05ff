namespace Plue.Server.Cli;

/// <summary>The exit codes of `plue`.</summary>
internal static class ExitCodes
{
    public const int Done = 0;

    /// <summary>The provider, the vault or the disk said no.</summary>
    public const int Failed = 1;
    public const int BadUsage = 2;

    /// <summary>Ctrl+C, as shells count it.</summary>
    public const int Interrupted = 130;
}
