using System.Globalization;
using System.Text;
using Plue.Server.Platform;

namespace Plue.Server.Tools.Background;

/// <summary>The TCP ports that accept connections in the network of a process, from the tables of the Linux kernel.</summary>
internal static class ListeningPorts
{
    private const string Listening = "0A";

    public static IReadOnlySet<int> Of(int processId) =>
        new[] { "tcp", "tcp6" }
            .SelectMany(table => Encoding.ASCII.GetString(ChildProcessTree.ReadOfKernel($"/proc/{processId}/net/{table}")).Split('\n'))
            .Select(PortIn)
            .OfType<int>()
            .ToHashSet();

    /// <summary>Reads a line such as <c>0: 0100007F:1F90 00000000:0000 0A …</c>.</summary>
    internal static int? PortIn(string line) =>
        line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var local, _, Listening, ..]
        && int.TryParse(local[(local.LastIndexOf(':') + 1)..], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var port)
            ? port
            : null;
}
