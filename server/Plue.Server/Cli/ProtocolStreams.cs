namespace Plue.Server.Cli;

/// <summary>Stdin and stdout of a command that speaks a protocol over them.</summary>
internal static class ProtocolStreams
{
    public static async Task<int> RunAsync(Func<Stream, Stream, Task<int>> serve)
    {
        using var input = Console.OpenStandardInput();
#pragma warning disable RS0030 // Stdout is used for the protocol.
        using var output = Console.OpenStandardOutput();
#pragma warning restore RS0030
        return await serve(input, output);
    }
}
