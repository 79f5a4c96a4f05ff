using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Transfer;

/// <summary>Files of other programs.</summary>
internal static class Samples
{
    public static string Of(string name) => Path.Combine(Repository.Root, "tests", "Plue.Server.Tests", "Transfer", "Samples", name);
}
