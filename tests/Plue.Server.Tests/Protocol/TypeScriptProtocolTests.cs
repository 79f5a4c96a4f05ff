using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Protocol;

public class TypeScriptProtocolTests
{
    [Fact]
    public void The_checked_in_TypeScript_matches_the_DTOs() =>
        Repository.CheckFile("extension/src/protocol/protocol.generated.ts", TypeScriptProtocol.Render());
}
