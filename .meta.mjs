import {build} from 'esbuild';
const r=await build({entryPoints:[process.argv[2]],bundle:true,minify:true,platform:'node',target:'node24',format:'cjs',mainFields:['module','main'],conditions:['module','deployed',process.argv[3]??'authority-standalone','identity-directory'],write:false,metafile:true,charset:'utf8',legalComments:'none',logLevel:'error'});
const o=Object.values(r.metafile.outputs)[0];
console.log(o.bytes);const g={};for(const [f,x] of Object.entries(o.inputs)){let k=f.startsWith("node_modules")?f.split("/").slice(0,f.split("/")[1].startsWith("@")?3:2).join("/"):f;g[k]=(g[k]||0)+x.bytesInOutput};console.log(Object.entries(g).sort((a,b)=>b[1]-a[1]).slice(0,Number(process.env.N||45)).map(x=>x.join(' ')).join('\n'))
